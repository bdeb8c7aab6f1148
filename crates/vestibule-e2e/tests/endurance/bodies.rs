//! A body of any size passes in constant memory.

use vestibule_e2e::bulk::{download, upload};
use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::resources::{self, Watch};
use vestibule_e2e::rounds;

use crate::stage::Stage;

const MIB: u64 = 1024 * 1024;

/// The first bytes make the program take what it needs for any body. What comes after adds nothing
/// but the noise of an allocator.
const FIRST: u64 = 16 * MIB;
const MOST_GROWTH: u64 = 8 * MIB;

fn check(mut stage: Stage, trust: Option<&Certificate>) {
    let length = rounds::of(64 * MIB, 2048 * MIB) + 1;
    let url = stage.proxy.url.clone();
    let pid = stage.pid();
    for (name, pass) in [
        ("up", upload as fn(&str, Option<&Certificate>, u64)),
        ("down", download),
    ] {
        pass(&url, trust, FIRST);
        let before = resources::memory(pid);
        let watch = Watch::memory(pid);
        pass(&url, trust, length);
        let growth = watch.most().saturating_sub(before);
        println!(
            "{name} {} MiB: {before} bytes before, {growth} more during",
            length / MIB
        );
        assert!(
            growth <= MOST_GROWTH,
            "{name}: {growth} bytes more than before"
        );
    }
}

#[test]
fn a_body_of_any_size_passes_in_constant_memory() {
    check(Stage::plain(""), None);
}

#[test]
fn a_body_of_any_size_passes_over_tls_in_constant_memory() {
    let certificate = Certificate::new();
    check(Stage::with_tls(&certificate), Some(&certificate));
}
