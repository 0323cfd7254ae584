# Программы этого компьютера: токены, обработчики, веб-хуки и то, что им сообщается.

api-token-made =
    { $token }

    Это токен. Больше он не показывается: поместите его туда, где его прочтёт только программа.
    Номер { $id }, действует до { $until }. Отозвать: `causeway api token revoke { $id }`.
api-token-none = Токенов ни у одной программы нет.
api-token-until = до { $until }
api-token-over = (срок истёк)
api-token-revoked = Программе { $name } больше ничего не разрешено.

fail-api-name = Это не имя для программы.
    .hint = Латинские буквы, цифры, `-`, `_` и `.`, не больше { $max }.
fail-api-tokens = Токенов уже { $max }.
    .hint = Отзовите ненужные: `causeway api token list`, `causeway api token revoke NUMBER`.
fail-api-no-token = В запросе нет токена, или это токен не этого рабочего места.
    .hint = Передайте его как `Authorization: Bearer TOKEN`. Токен создаёт человек: `causeway api token create`.
fail-api-token-over = Срок действия этого токена истёк.
    .hint = Новый создаёт человек: `causeway api token create`.
fail-api-scope = Этот токен такого не разрешает: нет права { $scope }.
    .hint = Создайте токен с этим правом, если программе это нужно.
fail-api-locked = Рабочее место заблокировано.
    .hint = Повторите позже: разблокировать его может человек на страницах.
fail-api-request = Эта часть запроса не читается: { $why }.
    .hint = Каким он должен быть, показывает `causeway api spec`.
fail-api-large = Запрос длиннее { $max } байт.
    .hint = Отправляйте меньше за один раз; файлы отправляются командой.
fail-api-key-used = С этим Idempotency-Key уже был другой запрос.
    .hint = Для каждого запроса нужен новый ключ, прежний — только чтобы повторить то же самое.
fail-api-nowhere = По этому адресу ничего нет.
    .hint = Все адреса показывает `causeway api spec`.
fail-api-place = Этого места нет в списке или в журнале.
    .hint = Начните сначала, без `after`: запись ушла из списка, или рабочее место восстановлено из резервной копии.
fail-api-draft = Эта запись — уже черновик { $id }: возможно, его здесь изменили или он отправлен.
    .hint = Посмотрите: `causeway drafts show { $id }`; с другим ключом получится другой черновик.
fail-api-consumers = У этого токена уже { $max } мест в журнале.
    .hint = Используйте имеющиеся имена; молчащее 30 дней забывается. Места освобождает человек: `causeway api consumers list`, `causeway api consumers remove PLACE`.

api-webhook-added =
    { $secret }

    Это секрет, которым подписывается всё, что уходит на { $url }. Больше он не показывается: поместите его туда, где его прочтёт только получатель.
    Номер { $id }. Убрать: `causeway api webhook remove { $id }`.
api-webhook-none = Веб-хуков нет.
api-webhook-removed = На { $url } больше ничего не отправляется.
api-delivery-none = Обработчикам и веб-хукам ещё ничего не передавалось.
api-delivery-waiting = ждёт, следующая попытка { $next }
api-delivery-dead = попытки закончились
api-delivery-done = принято
api-delivery-again = Новая попытка в течение минуты, пока рабочее место открыто в `causeway serve`.

fail-webhook-address = На этот адрес ничего не отправляется.
    .hint = Адрес начинается с https:// либо с http:// и адреса самого компьютера цифрами, например http://127.0.0.1:8080/.
fail-webhooks = Веб-хуков уже { $max }.
    .hint = Уберите лишний: `causeway api webhook list`, `causeway api webhook remove NUMBER`.
fail-webhook-ca = В этом файле нет сертификата, или он не читается.
    .hint = Нужен PEM, начинается с `-----BEGIN CERTIFICATE-----`, не больше 128 КиБ.
