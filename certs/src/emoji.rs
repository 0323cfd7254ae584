//! Seven pictures that two people compare by looking or by saying their names: the table of the Matrix specification
//! (short authentication string, method emoji), which was chosen so that no two are mistaken for each other.
//!
//! Seven of sixty-four are 42 bits. That is enough where nobody else knows the secret; whoever fears that somebody does
//! compares the digits of [`crate::fingerprint::digits`].

use causeway_common::ids::Digest;

/// Pictures shown.
const SHOWN: usize = 7;
/// Bits that choose one.
const BITS: usize = 6;

/// A picture with its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Emoji {
    /// The picture.
    pub picture: &'static str,
    /// Its English name.
    pub english: &'static str,
    /// Its Russian name.
    pub russian: &'static str,
}

/// The pictures that stand for a hash: its first 42 bits, six for each.
pub fn of(hash: Digest) -> [Emoji; SHOWN] {
    std::array::from_fn(|shown| {
        let bits = (shown * BITS..(shown + 1) * BITS).map(|bit| (hash.0[bit / 8] >> (7 - bit % 8)) & 1);
        TABLE[bits.fold(0, |number, bit| (number << 1) | usize::from(bit))]
    })
}

const fn row(picture: &'static str, english: &'static str, russian: &'static str) -> Emoji {
    Emoji { picture, english, russian }
}

/// In the order of the specification. Its Russian names call both the spanner and the key «Ключ»; here they differ.
const TABLE: [Emoji; 1 << BITS] = [
    row("🐶", "Dog", "Собака"),
    row("🐱", "Cat", "Кошка"),
    row("🦁", "Lion", "Лев"),
    row("🐎", "Horse", "Лошадь"),
    row("🦄", "Unicorn", "Единорог"),
    row("🐷", "Pig", "Свинья"),
    row("🐘", "Elephant", "Слон"),
    row("🐰", "Rabbit", "Кролик"),
    row("🐼", "Panda", "Панда"),
    row("🐓", "Rooster", "Петух"),
    row("🐧", "Penguin", "Пингвин"),
    row("🐢", "Turtle", "Черепаха"),
    row("🐟", "Fish", "Рыба"),
    row("🐙", "Octopus", "Осьминог"),
    row("🦋", "Butterfly", "Бабочка"),
    row("🌷", "Flower", "Цветок"),
    row("🌳", "Tree", "Дерево"),
    row("🌵", "Cactus", "Кактус"),
    row("🍄", "Mushroom", "Гриб"),
    row("🌏", "Globe", "Глобус"),
    row("🌙", "Moon", "Луна"),
    row("☁️", "Cloud", "Облако"),
    row("🔥", "Fire", "Огонь"),
    row("🍌", "Banana", "Банан"),
    row("🍎", "Apple", "Яблоко"),
    row("🍓", "Strawberry", "Клубника"),
    row("🌽", "Corn", "Кукуруза"),
    row("🍕", "Pizza", "Пицца"),
    row("🎂", "Cake", "Торт"),
    row("❤️", "Heart", "Сердце"),
    row("😀", "Smiley", "Улыбка"),
    row("🤖", "Robot", "Робот"),
    row("🎩", "Hat", "Шляпа"),
    row("👓", "Glasses", "Очки"),
    row("🔧", "Spanner", "Гаечный ключ"),
    row("🎅", "Santa", "Санта"),
    row("👍", "Thumbs Up", "Большой палец вверх"),
    row("☂️", "Umbrella", "Зонт"),
    row("⌛", "Hourglass", "Песочные часы"),
    row("⏰", "Clock", "Часы"),
    row("🎁", "Gift", "Подарок"),
    row("💡", "Light Bulb", "Лампочка"),
    row("📕", "Book", "Книга"),
    row("✏️", "Pencil", "Карандаш"),
    row("📎", "Paperclip", "Скрепка"),
    row("✂️", "Scissors", "Ножницы"),
    row("🔒", "Lock", "Замок"),
    row("🔑", "Key", "Ключ"),
    row("🔨", "Hammer", "Молоток"),
    row("☎️", "Telephone", "Телефон"),
    row("🏁", "Flag", "Флаг"),
    row("🚂", "Train", "Поезд"),
    row("🚲", "Bicycle", "Велосипед"),
    row("✈️", "Aeroplane", "Самолет"),
    row("🚀", "Rocket", "Ракета"),
    row("🏆", "Trophy", "Кубок"),
    row("⚽", "Ball", "Мяч"),
    row("🎸", "Guitar", "Гитара"),
    row("🎺", "Trumpet", "Труба"),
    row("🔔", "Bell", "Колокол"),
    row("⚓", "Anchor", "Якорь"),
    row("🎧", "Headphones", "Наушники"),
    row("📁", "Folder", "Папка"),
    row("📌", "Pin", "Булавка"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn sixty_four_pictures_and_names_are_all_different() {
        for names in [TABLE.map(|e| e.picture), TABLE.map(|e| e.english), TABLE.map(|e| e.russian)] {
            assert_eq!(names.into_iter().collect::<BTreeSet<_>>().len(), 64);
            assert!(names.iter().all(|name| !name.is_empty()));
        }
        let rows = [(0, "Dog"), (9, "Rooster"), (29, "Heart"), (40, "Gift"), (53, "Aeroplane"), (63, "Pin")];
        rows.into_iter().for_each(|(number, name)| assert_eq!(TABLE[number].english, name));
    }

    #[test]
    fn the_first_forty_two_bits_choose_and_no_others() {
        let mut hash = [0; 32];
        hash[..6].copy_from_slice(&[0x00, 0x10, 0x83, 0xfd, 0x01, 0xc0]);
        let names = of(Digest(hash)).map(|emoji| emoji.english);
        assert_eq!(names, ["Dog", "Cat", "Lion", "Horse", "Pin", "Tree", "Rabbit"]);
        let shown = of(Digest(hash));
        for bit in 0..256 {
            let mut other = hash;
            other[bit / 8] ^= 0x80 >> (bit % 8);
            assert_eq!(of(Digest(other)) == shown, bit >= SHOWN * BITS, "bit {bit}");
        }
    }
}
