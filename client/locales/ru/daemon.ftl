# Служба и терминал.
daemon-locked = Хранилище заперто, и им занята программа causeway serve.
    .hint = Откройте его: causeway unlock
daemon-has-home = Для этого хранилища работает causeway serve, а команда создаёт или заменяет хранилище.
    .hint = Сначала завершите causeway serve или укажите другую папку: --home. Ничего не изменено.
daemon-none = Для этого хранилища causeway serve не работает.
    .hint = Запустите: causeway serve
daemon-no-answer = Ответ causeway serve оборвался.
    .hint = Подтверждённое раньше сохранено. Проверьте, работает ли causeway serve, и повторите команду.
daemon-open = Хранилище открыто.
daemon-shut = Хранилище заперто, ключи стёрты из памяти.
daemon-wait-hint = Подождите: более ранняя попытка не рассматривается.
daemon-no-socket = Пока эта программа работает, команды терминала недоступны: { $why }
fail-not-in-home = Эта команда не выполняется в открытом хранилище.
    .hint = Запустите её отдельно, в терминале. Ничего не изменено.
autostart-on = causeway serve будет запускаться при входе в систему, запертым. Записано: { $file }
autostart-off = causeway serve больше не запускается само. Удалено: { $file }
autostart-was-off = Автозапуск causeway serve и раньше не был включён.
autostart-name = В имени программы или папки хранилища есть знаки, которые нельзя записать в файл автозапуска.
    .hint = Перенесите её в папку с простым именем. Ничего не изменено.
autostart-not-enabled = Файл службы записан, но systemd его не принимает.
    .hint = Посмотрите: systemctl --user status causeway.service
notice-urgent = { $count ->
    [one] { $count } срочное обращение
    [few] { $count } срочных обращения
   *[many] { $count } срочных обращений
}
notice-urgent-from = { $count ->
    [one] { $count } срочное обращение от организации «{ $org }»
    [few] { $count } срочных обращения от организации «{ $org }»
   *[many] { $count } срочных обращений от организации «{ $org }»
}
