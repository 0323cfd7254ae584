capacity-none = Места в Вашем приюте ещё никто не посчитал, поэтому ничего нельзя ни удержать, ни опубликовать.
capacity-none-hint = Начните с файла Вашего дома: causeway capacity set --file capacity.json (пример — docs/samples/capacity.json) или causeway capacity set --shelter S-04 --places bed:women=8/3 --set region=MD-CU --set duty_contact.phone=+37360000311
capacity-which = Неясно, о каком доме речь. Ничего не изменено.
capacity-which-hint = Укажите его: --shelter КОД. Известные дома: { $known }
capacity-too-many = Больше домов здесь хранить нельзя. Ничего не изменено.
capacity-too-many-hint = Считайте под кодом уже известного дома: `causeway capacity show`.
capacity-code = Код дома — не более 40 букв, цифр, точек и дефисов: его читают партнёры, и он не должен быть адресом. Ничего не изменено.
capacity-code-hint = Выберите код, который ничего не говорит о месте, например --shelter S-04
capacity-field = Поле { $field } в публикацию не входит: она сообщает, сколько мест, и никогда — где они. Ничего не изменено.
capacity-field-hint = Уберите это поле. Где находится дом, узнаёт только тот, кто везёт туда человека, — из передачи.
capacity-places = Не удаётся прочитать строку подсчёта «{ $typed }». Ничего не изменено.
capacity-places-hint = В первый раз укажите, сколько мест всего и сколько свободно: --places bed:women=8/3; потом достаточно свободных: --places bed:women=3. Виды мест и группы: `causeway kind show capacity`.
capacity-set = { $shelter }: подсчёт записан, он действует до { $until }. Партнёрам его сообщит `causeway capacity publish`.
capacity-tell = У партнёров пока прежние цифры: новые отправит `causeway capacity publish`.
capacity-house = { $shelter }  посчитано { $counted }, действует до { $until }
capacity-count-again = ПОСЧИТАЙТЕ ЗАНОВО: партнёры на эти цифры больше не полагаются. Если ничего не изменилось, достаточно `causeway capacity set`.
capacity-line = { $unit }, { $group }: можно предложить { $available } (свободно { $free } из { $maximum }, удержано { $held })
capacity-squeezed = УДЕРЖАНО БОЛЬШЕ, ЧЕМ СВОБОДНО
capacity-held = удержано для { $name }: { $places } ({ $group }) до { $until }, обращение { $id }
capacity-under-way = удержано для { $name }: { $places } ({ $group }), передача уже идёт, обращение { $id }
capacity-elsewhere = Предложено, но не в тех домах, где места посчитаны:
capacity-unpublished = Никому не сообщено: causeway capacity publish --to ОРГАНИЗАЦИЯ
capacity-published = Опубликовано { $at } для { $names }: у них эти цифры есть.
capacity-published-before = Опубликовано { $at } для { $names }: этих цифр у них ЕЩЁ НЕТ. Сообщит `causeway capacity publish`, а если изменились только предложения — `causeway sync`.
capacity-old = Подсчёт слишком старый, публиковать его нельзя. Ничего не отправлено.
capacity-to-whom = Неясно, кому отправить. Ничего не отправлено.
capacity-to-whom-hint = Назовите другие организации, не более 100: causeway capacity publish --to "Angel Hotline"
capacity-queued = В очереди для { $names }. Отправит `causeway sync`.
capacity-no-partners = Ни один приют ничего Вам не публиковал — или таких, как Вы искали, нет.
capacity-shelter = { $name }  { $shelter }  { $region }  посчитано { $age } назад, действует до { $until }
capacity-stale = УСТАРЕЛО: не полагайтесь на эти цифры — позвоните в приют или запросите место.
capacity-replaced = ЗАМЕНЕНО более новой публикацией: см. `causeway capacity partners`.
capacity-closed = ВРЕМЕННО ЗАКРЫТ.
capacity-offer = { $unit }, { $group }: { $available } из { $maximum }
capacity-minutes = { $count ->
    [one] { $count } минуту
    [few] { $count } минуты
   *[other] { $count } минут
}
capacity-hours = { $count ->
    [one] { $count } час
    [few] { $count } часа
   *[other] { $count } часов
}
placing-decision = В ответе не сказано, что Вы решили. Ничего не отправлено.
placing-decision-hint = Укажите --set decision=offered, offered_from, waiting_list или declined.
placing-promised = По этому запросу Вы уже обещали место; очередь или более поздний срок отменили бы обещание молча. Ничего не отправлено.
placing-promised-hint = Если места больше нет: causeway decline { $id } --reason no_capacity (решает руководитель). Тогда запросивший сразу ищет другой приют.
placing-uncounted = Места здесь никто не посчитал, поэтому в публикациях это предложение место не удержит. Начните с `causeway capacity set`.
placing-no-line = Таких мест здесь не посчитано. Ничего не отправлено.
placing-full = { $shelter }: нужно { $places } ({ $unit }, { $group }), а предложить можно { $available } — остальные заняты или удержаны. Ничего не отправлено.
placing-full-hint = Для кого они удержаны, покажет `causeway capacity show`. Если кто-то выехал: `causeway capacity set`. Если Вы всё же найдёте место: --squeeze-in. Если мест нет: --set decision=declined --set reason=no_capacity
placing-squeezed = { $shelter }: обещано { $places } ({ $unit }, { $group }), а предложить можно было { $available }. Освободите место: на него рассчитывают.
placing-old-count = { $shelter }: подсчёт слишком старый. Проверьте, действительно ли место свободно, затем `causeway capacity set`.
placing-kept-until = Место удерживается до { $until }.
placing-told = { $count ->
    [one] { $count } партнёр с Вашей последней публикацией узнает, сколько мест осталось; отправит `causeway sync`.
    [few] { $count } партнёра с Вашей последней публикацией узнают, сколько мест осталось; отправит `causeway sync`.
   *[other] { $count } партнёров с Вашей последней публикацией узнают, сколько мест осталось; отправит `causeway sync`.
}
placing-unpublished = Никто из партнёров не знает, сколько у Вас осталось мест: causeway capacity publish --to ОРГАНИЗАЦИЯ
placing-ask-stale = { $name }: цифры УСТАРЕЛИ (посчитано { $counted }). Запрос всё равно уйдёт; позвоните тоже.
placing-ask-full = { $name }: для группы «{ $group }» мест НЕТ (посчитано { $counted }). Запрос всё равно уйдёт; запросите и другой приют.
placing-ask-closed = { $name } сообщает, что ВРЕМЕННО ЗАКРЫТ. Запрос всё равно уйдёт; сначала позвоните.
placing-ask-no-line = { $name } не публиковал мест для группы «{ $group }» (посчитано { $counted }). Запрос всё равно уйдёт.
placing-no-bed-named = Запрос принят, но место не удержано, а другие приюты свои места могут отдать. Предложите место сейчас: causeway answer НОМЕР --set decision=offered --set intake_contact.phone=+…
