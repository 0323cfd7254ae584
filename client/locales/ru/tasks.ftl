tasks-none = Задач нет.
tasks-open = { $count ->
    [one] Открыта { $count } задача: см. `causeway tasks list`.
    [few] Открыты { $count } задачи: см. `causeway tasks list`.
   *[other] Открыто { $count } задач: см. `causeway tasks list`.
}
task-remind = половина срока прошла, ждёт { $with }: { $deadline }, срок { $due }.
task-overdue = ПРОСРОЧЕНО с { $due }, Вас ждёт { $with }: { $deadline }.
task-call = ПОЗВОНИТЕ: { $with }. { $deadline } — срок истёк { $due }. Запишите, что Вам ответили: `causeway tasks done`.
task-supervisor = РУКОВОДИТЕЛЮ: { $with } не реагирует ({ $deadline }, срок { $due }). Укажите, что предпринято.
task-recipient = НУЖЕН ДРУГОЙ ПОЛУЧАТЕЛЬ: обращение в { $with } прекращено ({ $deadline }).
task-arrival = ПРИБЫТИЕ НЕ ПОДТВЕРЖДЕНО: { $with } — подтверждение ожидалось до { $due }. Звоните сейчас.
task-alert-over = СРОК ОПОВЕЩЕНИЯ для { $with } ИСТЁК { $due }, и никто там не взял его в работу. Оно отозвано. Если она ещё может приехать, составьте новое (`causeway send border-alert --from { $id }`) и позвоните им.
task-danger = РУКОВОДИТЕЛЮ: звонящему грозит НЕПОСРЕДСТВЕННАЯ ОПАСНОСТЬ (звонок { $id }). Напишите, что сделано.
task-confirm = РУКОВОДИТЕЛЮ: подтвердите отправленное ({ $with }) до { $due }.
task-reassign = Передайте дело ({ $with }) другому сотруднику: коллега взял самоотвод.
task-late = СРОК ИСТЁК.
task-next-shelter = { $with }: СЕЙЧАС МЕСТА НЕТ — только очередь или место позже. Запросите другой приют; этот запрос остаётся открытым.
task-bed-offered = { $with } УДЕРЖИВАЕТ ДЛЯ ВАС МЕСТО до { $due }. Передайте человека (`causeway send victim-handoff --from { $id }`) или откажитесь от места (`causeway withdraw { $id } --reason "…"`).
task-bed-gone = МЕСТО БОЛЬШЕ НЕ УДЕРЖИВАЕТСЯ: { $with } держал его до { $due }. Позвоните или запросите снова, прежде чем кто-то выедет.
task-bed-over = МЕСТО, КОТОРОЕ ДЕРЖАЛИ ДЛЯ { $with }, СНОВА СВОБОДНО с { $due }: им никто не воспользовался. Позвоните туда, затем продлите (`causeway answer { $id } --set decision=offered …`) или откажите: `causeway decline { $id } --reason no_capacity`.
task-phone = Телефон { $phone }.
task-fallback = Следующий в Вашем списке: { $name }, `causeway escalate { $id }`.
task-done = Готово.
task-outcome = Укажите результат через --text: с кем говорили, о чём договорились. Задача остаётся открытой.
task-outcome-hint = Например: --text "Дозвонились в дежурную часть в 21:10, занимаются."
again-not-yet = Обращение можно передать другому вместо этого, только когда его не приняли, не смогли исполнить или никто не получил. Сейчас: { $state }.
again-not-yet-hint = Сначала отзовите его (`causeway withdraw { $id } --reason "…"`) или составьте новое на его основе: `causeway send { $kind } --from { $id } --to …`
again-outcome = Отправлено снова под номером { $number }.
escalate-none = В резервном списке этого обращения больше нет организации, которой его можно передать.
escalate-none-hint = Список входит в подписанное обращение. Составьте новое обращение другому получателю: `causeway send`.
escalate-done = Поставлено в очередь для { $name } — только те разделы, которые ей можно видеть. Отправит `causeway sync`. Вложения не пересылаются.
overdue-offline = Нет связи с ретранслятором, а срок по { $priority } { $kind } { $about } истёк { $due } ({ $deadline }). ПОЗВОНИТЕ: { $with }.
overdue-more = { $count ->
    [one] Просрочено ещё { $count } обращение: см. `causeway sent list --overdue`.
    [few] Просрочены ещё { $count } обращения: см. `causeway sent list --overdue`.
   *[other] Просрочено ещё { $count } обращений: см. `causeway sent list --overdue`.
}
overdue-count = { $count ->
    [one] ПРОСРОЧЕНО { $count } обращение: см. `causeway inbox list --overdue` и `causeway sent list --overdue`.
    [few] ПРОСРОЧЕНЫ { $count } обращения: см. `causeway inbox list --overdue` и `causeway sent list --overdue`.
   *[other] ПРОСРОЧЕНО { $count } обращений: см. `causeway inbox list --overdue` и `causeway sent list --overdue`.
}
task-case = (дело { $ref })
task-no-phone = Номер телефона здесь не известен: возьмите его из соглашения с партнёром или из списка дежурных телефонов. Когда партнёр опубликует часы дежурства, номер появится здесь.
due-late = ПРОСРОЧЕНО с { $due }: { $deadline }
due-next = срок { $due }: { $deadline }
clock-C1 = доставка
clock-C2 = просмотр сотрудником
clock-C3 = принятие, отказ или вопрос
clock-C4 = ответ на вопрос
clock-C5 = начало работы
clock-C6 = сообщение о ходе работы
clock-C7 = результат после передачи
clock-CE = подтверждение удаления
clock-CA = подтверждение прибытия
clock-declined = отказ
clock-failed = не удалось
clock-expired = не доставлено в срок
clock-validity = срок действия
clock-danger = непосредственная опасность
clock-bed = предложенное место
clock-waiting_list = сейчас места нет
desk-call = { $name }: до { $next } никто не дежурит, звоните { $phone }
desk-nobody = { $name }: до { $next } никто не дежурит, ночной телефон не указан. Ищите другой способ связи.
hours-set = Сохранено. `causeway hours publish --to ОРГАНИЗАЦИЯ` сообщит партнёрам.
hours-default = Расписание неизвестно: считаем, что это понедельник–пятница, 09:00–18:00 UTC.
hours-none = Расписание для публикации не задано.
hours-none-hint = Сначала: causeway hours set --zone Europe/Berlin --day mon=09:00-18:00 …
hours-unreadable = { $path }: не удаётся прочитать { $found }.
hours-unreadable-hint = Например: --zone Europe/Berlin --day mon=09:00-12:00,13:00-18:00 --holiday 2026-12-25 --night-phone +4930123456
hours-published = { $count ->
    [one] В очереди для { $count } организации. Отправит `causeway sync`.
    [few] В очереди для { $count } организаций. Отправит `causeway sync`.
   *[other] В очереди для { $count } организаций. Отправит `causeway sync`.
}
