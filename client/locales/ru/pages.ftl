skip = К содержанию
language-other = en
language-other-name = English
lock-now = Заблокировать
nav-pages = Разделы
nav-alert = Срочно на границу
nav-board = Дежурство
nav-inbox = Входящие
nav-sent = Отправленные
nav-tasks = Задачи
nav-organisations = Организации
nav-help = Справка
count-urgent = срочных
count-failed = не доставлено
chip-connected = Связь есть
chip-connecting = Соединение
chip-offline = Связи нет
chip-waiting = { $count ->
    [one] ждёт { $count }
    [few] ждут { $count }
    [many] ждут { $count }
   *[other] ждут { $count }
}
connection-restarting = Ретранслятор перезапускается.
offline-kept = Ничего не потеряно: написанное сохранено и уйдёт само, как только появится связь. Срочно? Звоните.
news-look = Новое: откройте «Дежурство»
news-urgent = Новое и СРОЧНОЕ: откройте «Дежурство»
enter-title = Кто Вы?
enter-why = Эта страница открывается в одном браузере. Код показан там, где запущен Causeway.
enter-code = Код
enter-hint = Восемь цифр. Код действует один раз и одну минуту; новый — по клавише Enter в терминале.
enter-go = Продолжить
enter-wrong = Код не подходит или уже не действует. Возьмите новый.
unlock-title = Разблокировать рабочее место
unlock-passphrase = Парольная фраза
unlock-go = Разблокировать
unlock-long = Таких длинных парольных фраз не бывает.
unlock-lost = Потеряли? Подойдёт и код восстановления этого рабочего места.
unlock-leave = Отключить этот браузер
unlock-wait = { $count ->
    [one] Слишком много неверных попыток. Следующая — через { $count } секунду.
    [few] Слишком много неверных попыток. Следующая — через { $count } секунды.
    [many] Слишком много неверных попыток. Следующая — через { $count } секунд.
   *[other] Слишком много неверных попыток. Следующая — через { $count } секунды.
}
failed-title = Не получилось
fail-step-over = Этот шаг уже невозможен: за это время произошло другое.
    .hint = Откройте обращение ещё раз.
urgency-urgent = Срочно
urgency-routine = Обычное
tag-exercise = учебное
board-answer = Ждут ответа
board-answer-none = Ответа никто не ждёт.
board-working = В работе
board-working-none = В работе ничего нет.
board-ended = Завершены за 24 часа
board-ended-none = За последние 24 часа ничего не завершено.
board-more = { $count ->
    [one] Ещё { $count } обращение во входящих
    [few] Ещё { $count } обращения во входящих
    [many] Ещё { $count } обращений во входящих
   *[other] Ещё { $count } обращения во входящих
}
board-read = Прочитать
views = Виды списка
view-all = Все
view-unread = Непрочитанные
view-needs-answer = Ждут ответа
view-overdue = Просроченные
list-total = { $count ->
    [one] { $count } обращение, сначала срочные.
    [few] { $count } обращения, сначала срочные.
    [many] { $count } обращений, сначала срочные.
   *[other] { $count } обращения, сначала срочные.
}
list-zone = Время: { $zone }.
empty-inbox = Пока ничего нет. Всё, что отправят Вашей организации, появится здесь само.
empty-sent = Ничего не отправлено. Начните с нового обращения или со срочного оповещения на границу.
col-urgency = Срочность
col-kind = Вид
col-from = От кого
col-to = Кому
col-number = Номер
col-received = Получено
col-written = Составлено
col-due = Ответить до
due-over = срок прошёл
col-way = В пути
col-state = Работа
col-section = Часть
col-verdict = Уходит
col-why = Почему
col-name = Название
col-type = Тип
col-country = Страна
col-fingerprint = Отпечаток
pager = Страницы списка
pager-before = Новее
pager-after = Старее
item-from = От кого
item-to = Кому
item-number = Номер
item-reference = Дело
item-received = Получено
item-due = Ответить до
item-print = Печать
item-copy = КОПИЯ
item-withheld = Не для этого рабочего места или не передано Вашей организации.
item-files = Файлы
item-happened = Что произошло
item-exhibits = Файл доказательства — не тот, что назван в обращении.
lane-transport = В пути
lane-work = Работа
do-accept = Принять к работе
do-decline = Отклонить
do-decline-late = Вернуть
do-info-request = Запросить сведения
do-info-reply = Ответить на вопрос
do-start = Начать работу
do-hold = Отложить
do-resume = Продолжить
do-handed-over = Подписать передачу
do-complete = Исполнено
do-fail = Не удалось
do-close = Закрыть
do-object = Возразить
do-reopen = Открыть снова
do-withdraw = Отозвать
do-cancel-confirm = Согласиться с отзывом
do-cancel-refuse = Не возвращать
do-error = Отправлено по ошибке
step-tells = { $with } увидит этот шаг, его причину и Ваши слова.
step-reason = Причина
step-text = Своими словами
step-text-hint = Имена и адреса — только если они нужны другой стороне.
step-eta = Когда
step-until = До какого времени
step-staff = Ваш номер сотрудника
errors-title = Проверьте, пожалуйста
go-back = Назад
time-pt0m = сейчас
time-pt15m = через 15 минут
time-pt30m = через полчаса
time-pt1h = через час
time-pt2h = через 2 часа
time-pt4h = через 4 часа
time-pt8h = через 8 часов
time-pt12h = через 12 часов
time-p1d = через сутки
time-p3d = через 3 дня
time-p7d = через неделю
time-p30d = через 30 дней
alert-title = Срочно на границу
alert-eight = Остальное можно дослать. Чего не знаете — не спрашиваем.
alert-who-sees = Кто что увидит
alert-to = Кому
alert-about = Что происходит
alert-where = Пункт пропуска
alert-where-hint = Название из списка или место своими словами
alert-eta = Когда там будет
alert-name = Имя, как в паспорте
alert-sex = Пол
alert-age = Возраст
alert-age-hint = 17 или 16-18
alert-request = Что сделать на границе
alert-wants = Хочет ли она помощи?
alert-approach = Как с ней говорить
alert-callback = Телефон для связи
alert-exercise = Это учебное оповещение
alert-look = Кто что увидит?
alert-look-again = Показать ещё раз
alert-send = Отправить сейчас
tasks-open-item = Прочитать обращение
tasks-came-of-it = Чем кончилось
tasks-finish = Готово
help-connection = Связь
help-offline = Без связи можно читать, писать и решать. То, что нужно отправить, ждёт на этом рабочем месте в зашифрованном виде.
help-way = Как далеко дошло обращение
help-work = На каком этапе работа
help-terminal = Больше — в терминале
help-terminal-why = Команды делают то же самое и кое-что ещё: согласие, обмен файлами с другими системами, проверка резервных копий. Список — causeway --help; команды работают и при открытых страницах.
serve-ready = Страницы открыты по адресу { $address }
serve-code = Код для браузера, действует минуту: { $code }
serve-again = Enter — новый код, Ctrl+C — завершить.
serve-taken = Порт { $port }, где должны быть страницы этого рабочего места, занят другой программой. Закладка может показать подделку: не вводите там парольную фразу.
    .hint = Завершите ту программу. Если это Ваш Causeway, работайте в нём. Если она Вам неизвестна: causeway serve --new-place, а старые закладки удалите.
serve-no-place = Показать страницы не удаётся: { $why }
    .hint = Проверьте папку рабочего места и настройки сети на этой машине.
org-kind-hotline = горячая линия
org-kind-police = полиция
org-kind-border = пограничная служба
org-kind-embassy = посольство
org-kind-shelter = приют
org-kind-ngo = организация помощи
org-kind-prosecutor = прокуратура
org-kind-clinic = клиника
