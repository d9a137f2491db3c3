//! The scan of sixteen places at once, for components: all current engines support WebAssembly's 128-bit vectors
//! (<https://github.com/WebAssembly/simd>).
//!
//! A vector instruction cannot look up a byte in a table of 256 entries, but half a byte in a table of sixteen. So each
//! table is split in two, for the low and the high halves. A byte may match both tables without matching the original
//! one, so each place found is checked exactly.
//!
//! Each byte is looked up once in all tables: the result of the second table is shifted by one place to meet the result
//! of the first table for the byte before, and so on.

use std::arch::wasm32::{
    u8x16_bitmask, u8x16_eq, u8x16_shuffle, u8x16_splat, u8x16_swizzle, u16x8_shr, u64x2, v128, v128_and,
    v128_any_true, v128_not,
};

use super::DEPTH;

const LANES: usize = 16;

/// Texts shorter than this are not worth the preparation of the tables.
const BYTES_MIN: usize = 512;

/// The buckets of a table for each low half, and for each high half.
struct Halves {
    low: v128,
    high: v128,
}

/// Calls `found` for each place from `from` on where something may begin, for whole vectors only. Returns the place
/// where it stopped.
#[target_feature(enable = "simd128")]
pub fn places(tables: &[[u8; 256]; DEPTH], text: &[u8], from: usize, mut found: impl FnMut(usize)) -> usize {
    if text.len() - from < BYTES_MIN {
        return from;
    }
    let [first, second, third, fourth] = tables;
    let halves = [halves(first), halves(second), halves(third), halves(fourth)];
    let (blocks, _) = text[from..].as_chunks::<LANES>();
    let mut at = from;
    let mut blocks = blocks.iter().map(|block| look_up(&halves, block));
    let Some(mut block) = blocks.next() else { return from };
    for next in blocks {
        let second = u8x16_shuffle::<1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16>(block[1], next[1]);
        let third = u8x16_shuffle::<2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17>(block[2], next[2]);
        let fourth = u8x16_shuffle::<3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18>(block[3], next[3]);
        let fits = v128_and(v128_and(block[0], second), v128_and(third, fourth));
        if v128_any_true(fits) {
            let mut places = u8x16_bitmask(v128_not(u8x16_eq(fits, u8x16_splat(0))));
            while places != 0 {
                found(at + places.trailing_zeros() as usize);
                places &= places - 1;
            }
        }
        block = next;
        at += LANES;
    }
    at
}

/// The buckets of sixteen bytes, from each table.
#[target_feature(enable = "simd128")]
fn look_up(halves: &[Halves; DEPTH], block: &[u8; LANES]) -> [v128; DEPTH] {
    let half = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("half of sixteen bytes"));
    let (left, right) = block.split_at(LANES / 2);
    let bytes = u64x2(half(left), half(right));
    let nibble = u8x16_splat(0x0f);
    let low = v128_and(bytes, nibble);
    let high = v128_and(u16x8_shr(bytes, 4), nibble);
    let [first, second, third, fourth] = halves;
    let buckets = |halves: &Halves| v128_and(u8x16_swizzle(halves.low, low), u8x16_swizzle(halves.high, high));
    [buckets(first), buckets(second), buckets(third), buckets(fourth)]
}

#[target_feature(enable = "simd128")]
fn halves(table: &[u8; 256]) -> Halves {
    let (mut low, mut high) = ([0; LANES], [0; LANES]);
    for (byte, buckets) in table.iter().enumerate() {
        low[byte & 15] |= buckets;
        high[byte >> 4] |= buckets;
    }
    let vector = |bytes: [u8; LANES]| {
        let (first, second) = bytes.split_at(LANES / 2);
        let half = |half: &[u8]| u64::from_le_bytes(half.try_into().expect("half of sixteen bytes"));
        u64x2(half(first), half(second))
    };
    Halves {
        low: vector(low),
        high: vector(high),
    }
}
