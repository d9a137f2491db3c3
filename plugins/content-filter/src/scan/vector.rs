//! The pass over sixteen places at once, for components: every engine of today runs the 128-bit vectors of WebAssembly
//! (<https://github.com/WebAssembly/simd>).
//!
//! A vector cannot look up a byte in a table of 256, but half a byte in one of sixteen. So each table becomes two, of the
//! low and of the high halves; a byte that fits both may still fit neither together, and is looked at again.

use std::arch::wasm32::{
    u8x16_bitmask, u8x16_eq, u8x16_splat, u8x16_swizzle, u16x8_shr, u64x2, v128, v128_and, v128_andnot,
};

use super::DEPTH;

const LANES: usize = 16;

/// Shorter texts are done before the halves are made.
const BYTES_MIN: usize = 512;

/// Calls `found` for each place from `from` on where something may begin, as far as whole vectors go. Answers where it
/// ended.
#[target_feature(enable = "simd128")]
pub fn places(tables: &[[u8; 256]; DEPTH], text: &[u8], from: usize, mut found: impl FnMut(usize)) -> usize {
    let mut at = from;
    if text.len() - from < BYTES_MIN {
        return at;
    }
    let [first, second, third, fourth] = tables;
    let halves: [(v128, v128); DEPTH] = [halves(first), halves(second), halves(third), halves(fourth)];
    while let Some(block) = text
        .get(at..)
        .and_then(|rest| rest.first_chunk::<{ LANES + DEPTH - 1 }>())
    {
        let mut fits = u8x16_splat(u8::MAX);
        for (depth, (low, high)) in halves.iter().enumerate() {
            let bytes = load(block, depth);
            let nibble = u8x16_splat(0x0f);
            let low = u8x16_swizzle(*low, v128_and(bytes, nibble));
            let high = u8x16_swizzle(*high, v128_and(u16x8_shr(bytes, 4), nibble));
            fits = v128_and(fits, v128_and(low, high));
        }
        let nothing = u8x16_eq(fits, u8x16_splat(0));
        let mut places = u8x16_bitmask(v128_andnot(u8x16_splat(u8::MAX), nothing));
        while places != 0 {
            found(at + places.trailing_zeros() as usize);
            places &= places - 1;
        }
        at += LANES;
    }
    at
}

#[target_feature(enable = "simd128")]
fn load(block: &[u8; LANES + DEPTH - 1], from: usize) -> v128 {
    let half = |from: usize| {
        let bytes = block[from..]
            .first_chunk()
            .expect("a block holds a vector at each depth");
        u64::from_le_bytes(*bytes)
    };
    u64x2(half(from), half(from + LANES / 2))
}

/// The buckets of the bytes with each low half, and with each high half.
#[target_feature(enable = "simd128")]
fn halves(table: &[u8; 256]) -> (v128, v128) {
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
    (vector(low), vector(high))
}
