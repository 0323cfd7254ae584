erase-needs-yes = Ничего не стёрто: нет терминала, чтобы спросить подтверждение.
erase-needs-yes-hint = Подтвердите ключом --yes.
erase-what = { $id }  { $kind }  { $peer }
erase-sure = Отменить это нельзя: прочитать дело здесь не сможет никто, даже с паролем. Наберите «да», чтобы стереть:
erase-yes = да
erase-not = Ничего не стёрто.
erase-not-hint = Чтобы стереть, наберите слово целиком.
erase-done = Стёрто: { $id }. В списках остаётся отметка без персональных данных.
erase-done-asked = Стёрто здесь: { $id }. `causeway sync` попросит { $peer } стереть тоже; ответ покажет `causeway erase list`.
erase-older = Часть дела записана прежней версией программы и может оставаться в файле на этом диске. Чтобы наверняка: сделайте резервную копию, восстановите её в новую папку и уничтожьте старую (docs/retention.md).
erase-refused = Оставлено, основание: { $ground }. `causeway sync` сообщит другой стороне.
erase-list-empty = Ничего не стёрто, и никто об этом не просит.
erase-call-done = Звонок { $id } стёрт. Обращения, начатые по нему, остаются.
erase-what-call =   { $id }  звонок { $day }
erase-question = { $id }  { $kind }  { $peer } просит стереть: `causeway erase confirm { $id }` или `causeway erase refuse { $id } --ground ОСНОВАНИЕ`.
erase-order-held = { $id }  Стёрто на другом рабочем месте ({ $author }); здесь действует запрет на удаление.
erase-line = { $id }  { $kind }  { $peer }  стёрто { $day }: { $reason }
erase-answer-done = { $peer }: тоже стёрто.
erase-answer-refused = { $peer }: оставлено, основание { $ground }.
erase-answer-none = { $peer }: ответа пока нет.
erase-reason-expired = истёк срок хранения
erase-reason-subject-request = по просьбе самого человека
erase-reason-consent-withdrawn = согласие отозвано
erase-reason-entered-in-error = отправлено по ошибке
erase-reason-unlawful = хранить это было нельзя
erase-reason-not-needed = больше не нужно
erase-reason-other-side = по просьбе другой стороны
erase-reason-unknown = причина из более новой версии
erase-is-erased = Это обращение стёрто { $day }: { $reason }. Вернуть его здесь невозможно.
erase-is-erased-hint = Что от него осталось, покажет `causeway erase list`. Если оно нужно, спросите другую сторону.
erase-held = Ничего не стёрто: действует запрет на удаление (до { $day }: { $reason }).
erase-held-hint = Спросите того, кто его установил. Снимает запрет `causeway hold-legal release`.
erase-not-asked = Ничего не изменено: другая сторона не просила стереть это обращение, или ответ уже дан.
erase-not-asked-hint = Стереть самостоятельно: `causeway erase НОМЕР --reason КОД`.
retention-renewed = Отмечено. Следующий вопрос через 90 дней.
retention-done = Стёрто: { $erased }; частично: { $parts }; остаются после срока (открыты или под запретом на удаление): { $stay }.
retention-no-time = Ничего не стёрто: связи с ретранслятором ещё не было, и нельзя проверить, верны ли часы.
retention-no-time-hint = Запустите `causeway sync`.
retention-due-none = В ближайшие 14 дней ни у одного дела срок не истекает.
retention-due-erase = { $id }  { $kind }  { $peer }  будет стёрто { $day }.
retention-due-fields = { $id }  { $kind }  { $peer }  { $day } будут стёрты данные, по которым можно узнать человека.
retention-due-open = { $id }  { $kind }  { $peer }  срок { $day }, но дело открыто и остаётся. Закройте его, когда работа закончена.
retention-due-held = { $id }  { $kind }  { $peer }  срок { $day }, но действует запрет на удаление.
retention-due-asked = { $id }  { $kind }  { $peer }  срок { $day }, но дело остаётся: { $peer } просит его стереть. Ответьте: `causeway erase confirm { $id }`, `erase refuse` или, если отозвано согласие, `consent confirm`.
retention-due-renew = { $id }  { $kind }  { $peer }  Человек всё ещё не найден ({ $day })? `causeway retention renew { $id }`, или закройте дело.
retention-sync-erased = { $count ->
    [one] Истёк срок хранения, стёрто { $count } обращение.
    [few] Истёк срок хранения, стёрто { $count } обращения.
   *[other] Истёк срок хранения, стёрто { $count } обращений.
}
retention-sync-questions = { $count ->
    [one] Вас просят стереть { $count } обращение: см. `causeway erase list`.
    [few] Вас просят стереть { $count } обращения: см. `causeway erase list`.
   *[other] Вас просят стереть { $count } обращений: см. `causeway erase list`.
}
retention-sync-holds = { $count ->
    [one] Пора проверить { $count } запрет на удаление: см. `causeway hold-legal list`.
    [few] Пора проверить { $count } запрета на удаление: см. `causeway hold-legal list`.
   *[other] Пора проверить { $count } запретов на удаление: см. `causeway hold-legal list`.
}
hold-none = На этом обращении нет запрета на удаление.
hold-none-hint = Все запреты покажет `causeway hold-legal list`.
hold-released = Запрет снят. Обращение будет стёрто по истечении срока.
hold-reason = Укажите, кто и почему требует хранить дело, не более { $most } знаков.
hold-reason-hint = Например: --reason "Рижский окружной суд, дело 12-345"
hold-past = Этот день уже прошёл или слишком далёк.
hold-past-hint = Назовите будущий день не позже 9999-12-30, например --until 2027-06-30.
hold-set = Хранится, пока запрет не снимут. Напоминание: { $day }.
hold-list-none = Запретов на удаление нет.
hold-line = { $id }  до { $day }: { $reason }
hold-line-overdue = { $id }  ПРОСРОЧЕНО с { $day }: { $reason }. Узнайте, нужно ли хранить дело дальше.
erase-proof-none = Об этом обращении не осталось ничего, что что-либо подтверждает.
erase-proof-none-hint = Оно не было отправлено, квитанциям больше десяти лет, или его стёрла прежняя версия программы. Что известно, показывает `causeway erase list`.
erase-proof-relayed = принято ретранслятором
erase-proof-consent = На что было дано согласие (хранится до { $day }):
erase-proof-until = Квитанции хранятся до { $day }. В них названы пакеты и рабочие места, и больше никто.
