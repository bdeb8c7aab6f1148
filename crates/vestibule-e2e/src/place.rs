//! Where things are: the checkout, the build's folder, free ports.

use std::hash::{BuildHasher as _, RandomState};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::{env, fs, process};

/// The root of the checkout.
#[must_use]
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// The folder of the build this test belongs to, such as `target/debug`.
#[must_use]
pub fn build() -> PathBuf {
    // Test programs stand in the folder `deps` below it.
    let test = env::current_exe().expect("the test knows where it is");
    test.ancestors()
        .nth(2)
        .expect("a test stands two folders below the build")
        .to_owned()
}

/// A folder below the target folder for what people look at after a run. It is made if need be.
#[must_use]
pub fn output(name: &str) -> PathBuf {
    let folder = build().parent().unwrap().join(name);
    fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// A program of this machine.
#[must_use]
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// A loopback port that is free now, and that this process gets once.
///
/// For a program whose own address is part of its configuration. Port 0 would not do: the kernel
/// gives such a port to the next outgoing connection as soon as we let go of it. So it is one from
/// below the range of outgoing connections, and none that browsers refuse.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
        let anywhere = RandomState::new().hash_one(process::id()) % u64::from(PORTS);
        AtomicU16::new(u16::try_from(anywhere).unwrap())
    });
    let candidates = (0..PORTS).map(|_| FIRST_PORT + NEXT.fetch_add(1, Ordering::Relaxed) % PORTS);
    let mut free = candidates.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().expect("not every port is taken")
}

const FIRST_PORT: u16 = 12_000;
const PORTS: u16 = 20_000;
