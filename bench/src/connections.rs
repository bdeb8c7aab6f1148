//! `--connections`: how much memory an idle connection takes.

use std::time::Duration;

use crate::cases::{Case, Path, Prepared, prepare};
use crate::cli::ConnectionOptions;
use crate::measure::memory;
use crate::problem::Outcome;
use crate::scene::{self, Scene};

const DEFAULT_COUNT: usize = 2000;
const CASES: [&str; 6] = [
    "nginx",
    "haproxy",
    "vestibule-public",
    "vestibule",
    "nginx-tls",
    "vestibule-tls",
];

/// Measures and prints.
pub(crate) fn run(options: &ConnectionOptions, program: Option<&std::path::Path>) -> Outcome {
    let count = options.count.unwrap_or(DEFAULT_COUNT);
    let mut scene = Scene::set(program)?;
    println!("{count} connections, idle after one request each:");
    for case in scene::chosen(&options.only, |case| CASES.contains(&case.name)) {
        match scene.per_connection(&case, count) {
            Ok(bytes) => println!("{:<18} {:>7.2} KiB each", case.name, bytes / 1024.0),
            Err(problem) => println!("{:<18} {problem}", case.name),
        }
    }
    Ok(())
}

impl Scene {
    /// Bytes of resident memory for each connection beyond the first 32.
    fn per_connection(&mut self, case: &Case, count: usize) -> Outcome<f64> {
        self.place.clear()?;
        let running = case.start(&self.place)?;
        let stranger = Prepared::new(&running, &self.place)?;
        self.engine
            .ask(&stranger.target(Path::Small), Duration::from_secs(10))?;
        let target = prepare(&running, &self.place, &mut self.engine)?.target(Path::Small);
        let roots: Vec<u32> = running
            .processes
            .iter()
            .map(|process| process.id())
            .collect();
        // So that what is set up once, such as the pool, is there before.
        self.engine.connect(&target, 32)?;
        let before = memory(&roots)?;
        self.engine.connect(&target, count)?;
        self.engine.serve(Duration::from_millis(500))?;
        let after = memory(&roots)?;
        self.engine.disconnect();
        let kib = after.rss_kib.saturating_sub(before.rss_kib);
        #[expect(
            clippy::cast_precision_loss,
            reason = "memory and counts of one machine fit"
        )]
        Ok(kib as f64 * 1024.0 / count as f64)
    }
}
