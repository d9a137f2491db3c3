#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sluice_fuzz::framing_lines(data));
