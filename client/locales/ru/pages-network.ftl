# Организации: кого мы знаем и откуда.
col-trust = Знаем ли мы её ключ
organisations-none = Справочник пуст. Он придёт сам, как только появится связь.
organisations-why = Кто входит в сеть, говорит ретранслятор. Правда ли это, один из нас узнаёт один раз: сверив отпечаток с самой организацией.
organisations-total = { $count ->
    [one] { $count } организация, по названию.
    [few] { $count } организации, по названию.
    [many] { $count } организаций, по названию.
   *[other] { $count } организации, по названию.
}
trust-own = Ваша организация
trust-checked = Сверено: { $by }, { $day }, { $how }
trust-unchecked = Зарегистрирована ретранслятором, нами ещё не сверена
trust-changed = Ключ сменился: не отправлять. Сверено: { $by }, { $day }, { $how }, но с другим ключом
changed-title = У этой организации другой ключ, не тот, который сверяли.
changed-stop = Ничего туда не отправляйте, пока ключ не сверен заново; о срочном звоните.
changed-call = Позвоните в организацию по номеру, который был у Вас раньше, а не по номеру из сообщения.
changed-compare = Спросите, почему сменился ключ, и попросите прочитать цифры, показанные ниже. Если совпали все, запишите сверку в конце этой страницы.
changed-differs = Если о новом ключе там не знают или хоть одна цифра другая, сразу звоните регистратору: возможно, кто-то выдаёт себя за них.
organisation-title = Организация
organisation-facts = Что говорит справочник
organisation-admitted = Допущена
organisation-devices = Рабочих мест
organisation-suspended = ПРИОСТАНОВЛЕНА
organisation-recovery = Восстановление
organisation-note = Заметка о сверке
organisation-qr = Цифры отпечатка для камеры
organisation-how = На обоих экранах должны быть одни и те же двенадцать групп. Пусть цифры читает другая сторона; первыми свои не называйте. Картинка — те же цифры для камеры.
organisation-own-how = Эти цифры сверяют с Вами партнёры: прочитайте их, когда позвонят, или распечатайте страницу для встречи.
compared-title = Мы сверили отпечаток
compared-by = Кто сверял
compared-how = Как
compared-digits = Цифры, которые прочитала другая сторона
compared-digits-hint = Если ввести их, программа тоже сравнит
compared-note = По какому номеру звонили, кто ответил
compared-record = Записать сверку
hours-title = Часы работы
hours-unknown = Часы не опубликованы: сроки считаются так, будто на месте кто-то есть по рабочим дням с девяти до шести.
hours-zone = Часовой пояс
hours-now = Сейчас
hours-open = На месте кто-то есть
hours-closed = На месте никого нет
hours-week = Неделя
hours-always = Круглосуточно
hours-free = закрыто
hours-holidays = Нерабочие дни
hours-day-mon = Понедельник
hours-day-tue = Вторник
hours-day-wed = Среда
hours-day-thu = Четверг
hours-day-fri = Пятница
hours-day-sat = Суббота
hours-day-sun = Воскресенье

# Страницы регистратора.
nav-registrar = Регистратор
registrar-pending = Кто ждёт допуска
registrar-pending-none = Допуска никто не ждёт.
registrar-invite = Пригласить организацию
registrar-invite-go = Получить приглашение
registrar-invited = Передайте это приглашение организации «{ $name }» путём, которому доверяете. Оно действует один раз, до { $until }.
registrar-admit = Допустить
registrar-admit-who = { $name }: { $kind }, { $country }.
registrar-admit-tells = Позвоните в организацию по номеру, известному не от неё, и пусть она прочитает свои цифры. Допускайте, только если все они такие:
registrar-admit-go = Все цифры совпали: допустить
registrar-suspend = Приостановить
registrar-suspend-tells = Организация «{ $name }» сразу окажется вне сети: её соединения обрываются, отправить ей ничего нельзя. Причину могут прочитать все.
registrar-reinstate = Допустить снова
registrar-reinstate-tells = Организация «{ $name }» снова сможет отправлять и получать. Сначала поговорите с ней.
registrar-vetted = Как Вы убедились
suspend-own-wish = По её просьбе
suspend-keys-lost = Она потеряла ключи
suspend-keys-known = Её ключи могли попасть к другим
suspend-rules = Она не соблюдает правила
vetted-in-person = при личной встрече
vetted-phone = по номеру, известному не от неё
vetted-letter = письмом
vetted-other = иначе
