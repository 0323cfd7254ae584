#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_tests::fuzzing::formats::run(bytes));
