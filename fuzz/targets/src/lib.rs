//! One function per parser; fuzzed by libFuzzer, replayed by cargo test
