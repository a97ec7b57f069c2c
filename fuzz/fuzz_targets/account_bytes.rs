#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| proofmill_fuzz::account_bytes(data));
