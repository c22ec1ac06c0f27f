//! What a camera sees: a film of a product's barcode.

use std::path::Path;

const WIDTH: usize = 640;
const HEIGHT: usize = 480;

/// The bars of a digit in the left half (GS1 General Specifications, section 5.2.1.2: set A), seven modules each; those
/// of set B are the right half's backwards, and the right half has the opposite of set A.
const DIGITS: [u8; 10] = [
    0b000_1101, 0b001_1001, 0b001_0011, 0b011_1101, 0b010_0011, 0b011_0001, 0b010_1111, 0b011_1011,
    0b011_0111, 0b000_1011,
];

/// Which digits of the left half are of set B, by the first digit, which has no bars of its own.
const SETS: [u8; 10] = [
    0b00_0000, 0b00_1011, 0b00_1101, 0b00_1110, 0b01_0011, 0b01_1001, 0b01_1100, 0b01_0101,
    0b01_0110, 0b01_1010,
];

/// Writes a film (YUV4MPEG2) in which a steady hand holds this EAN-13 before the camera.
pub fn film_of(code: &str, film: &Path) {
    let modules = bars(code);
    let (thickness, left) = (5, (WIDTH - 95 * 5) / 2);
    let row: Vec<u8> = (0..WIDTH)
        .map(|x| {
            let module = x.checked_sub(left).map(|x| x / thickness);
            let is_bar = module.and_then(|module| modules.get(module)).copied();
            if is_bar.unwrap_or_default() { 16 } else { 235 }
        })
        .collect();
    let white = [235; WIDTH];
    let mut picture = Vec::new();
    for y in 0..HEIGHT {
        let is_code = (HEIGHT / 4..HEIGHT * 3 / 4).contains(&y);
        picture.extend_from_slice(if is_code { &row } else { &white });
    }
    // Without colour.
    picture.resize(WIDTH * HEIGHT * 3 / 2, 128);
    let mut bytes = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n").into_bytes();
    for _ in 0..2 {
        bytes.extend_from_slice(b"FRAME\n");
        bytes.extend_from_slice(&picture);
    }
    std::fs::write(film, bytes).expect("a film");
}

/// The modules of an EAN-13, `true` for black.
fn bars(code: &str) -> Vec<bool> {
    let digits: Vec<usize> = code.bytes().map(|c| usize::from(c - b'0')).collect();
    let sets = SETS[digits[0]];
    let mut text = String::from("101");
    for (at, digit) in digits[1..].iter().enumerate() {
        let left = format!("{:07b}", DIGITS[*digit]);
        let right: String = left
            .chars()
            .map(|c| if c == '1' { '0' } else { '1' })
            .collect();
        match at {
            0..6 if sets >> (5 - at) & 1 == 1 => text.extend(right.chars().rev()),
            0..6 => text.push_str(&left),
            _ => text.push_str(&right),
        }
        if at == 5 {
            text.push_str("01010");
        }
    }
    text.push_str("101");
    text.chars().map(|c| c == '1').collect()
}
