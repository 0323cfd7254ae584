carry-reason = Укажите причину: --reason "одной строкой".
carry-reason-of = Укажите причину одним из кодов: --reason { $codes }
carry-no-reason = Для этого шага причина не указывается. Уберите --reason; то, что хотите сообщить, напишите в --text.
carry-other = К причине "other" нужно пояснение: --text "…".
carry-questions = Задайте хотя бы один вопрос: --set questions[0].text="…"
carry-eta = Укажите срок: --eta "через 20 минут".
carry-until = Укажите, до какого времени: --until 2026-12-01T09:00:00Z, или на сколько: --until P2D.
hold-until = Пауза заканчивается в будущем, не позднее чем через 30 дней: --until 2026-12-01T09:00:00Z, или на сколько: --until P2D.
carry-case = Укажите свой номер дела: --set peer_case_ref=…
carry-outcome = Укажите результат: --text "…" или --set outcome.code=done
carry-record = Нет акта передачи: --set handover.place="…" --set handover.person_present=yes --set handover.by.staff_no=… --set handover.to.staff_no=…
carry-found = Укажите, что установлено: --set found.alive=yes
carry-answer = Ответьте на вопрос или сообщите, что ответить не можете: --text "…".
carry-text = Напишите, что произошло: --text "…".
carry-scope = Укажите, чего это касается: --set scope="всё" или перечислите разделы.
carry-staff = Укажите свой номер: --staff НОМЕР.
carry-assigned = Укажите, кому передаётся дело: --set assigned_to.staff_no=НОМЕР
carry-clock = Назовите срок: --set clock=C3
step-incomplete = Шаг не выполнен, потому что не хватает данных:
step-incomplete-hint = Добавьте то, что названо выше, и повторите команду. Ничего не отправлено.
step-too-late = Дело завершено более 14 дней назад: срок для возражений истёк.
step-too-late-hint = Если оно закрыто, руководитель может возобновить его: `causeway reopen`.
step-read-only = Дело передано другой организации и завершено: у Вас осталась запись только для чтения.
step-read-only-hint = Если что-то неверно, позвоните другой стороне; возможны только закрытие и обращения, связанные с согласием человека.
handover-signed = Вы подписали акт передачи. Теперь тот же акт подписывает другая сторона: `causeway handed-over`.
handover-both = Обе стороны подписали один и тот же акт: передача состоялась.
handover-shown = Другая сторона подписала этот акт. Прочитайте его. Если всё верно, подпишите: `causeway handed-over { $id } --sign`; если нет, отправьте свой с --set handover.…
staff-unchecked = На этом рабочем месте не зарегистрированы сотрудники, поэтому роли не проверяются. Начните с `causeway staff add НОМЕР --role supervisor`.
staff-unnamed = Этот шаг выполняет { $role }: укажите, кто его делает, через --staff НОМЕР. Ничего не изменено.
staff-unknown = Номера { $number } нет в списке сотрудников. Ничего не изменено.
staff-refused = Номер { $number } не может этого сделать: нужен { $role }. Ничего не изменено.
staff-hint = Кто зарегистрирован, показывает `causeway staff list`.
staff-added = { $number }: зарегистрирован(а), роль — { $role }.
staff-removed = { $number } больше не значится в списке.
staff-none = Никто не зарегистрирован; роли не проверяются.
staff-not-a-number = Номер сотрудника — не более 40 латинских букв, цифр, точек и дефисов; имена не указываются.
role-agent = сотрудник
role-supervisor = руководитель
role-duty = дежурный
handover-none = В обращении этого вида никто и ничто не передаётся из рук в руки.
handover-none-hint = Напишите, что дело сделано и чем кончилось: causeway complete { $id } --text "…".
staff-policy = Обращения принимает к работе: { $role }.
staff-no-supervisor = В списке нет руководителя: принять обращение было бы некому.
    .hint = Сначала: causeway staff add НОМЕР --role supervisor
