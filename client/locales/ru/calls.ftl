call-kept = Звонок { $number } записан на этом рабочем месте. Чтобы передать дело дальше: `causeway send ВИД --from { $number } --to ОРГАНИЗАЦИЯ`.
call-open = { $count ->
    [one] Осталось заполнить { $count } поле; его назовёт `causeway call show`.
    [few] Осталось заполнить { $count } поля; их назовёт `causeway call show`.
   *[other] Осталось заполнить { $count } полей; их назовёт `causeway call show`.
}
call-none = Записанных звонков пока нет.
call-led-to = { $count ->
    [0] обращений нет
    [one] { $count } обращение
    [few] { $count } обращения
   *[other] { $count } обращений
}
call-ambiguous = С "{ $number }" начинается больше одного звонка.
call-longer = Введите больше знаков номера.
