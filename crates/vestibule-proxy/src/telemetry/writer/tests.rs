use std::sync::mpsc;
use std::time::SystemTime;

use super::super::access::Asked;
use super::*;

const LIMIT: Duration = Duration::from_secs(10);

fn line(path: &str) -> (Entry, Measured) {
    let measured = Measured {
        time: SystemTime::UNIX_EPOCH,
        status: 200,
        bytes_in: 0,
        bytes_out: 0,
        duration: Duration::ZERO,
        complete: true,
    };
    (
        Entry {
            asked: Asked::Raw {
                method: "GET".into(),
                host: "h".into(),
                target: path.to_owned().into(),
            },
            ..Entry::default()
        },
        measured,
    )
}

fn plan(destination: Destination) -> AccessLogPlan {
    AccessLogPlan {
        destination,
        ..AccessLogPlan::default()
    }
}

#[test]
fn lines_reach_the_file_and_a_moved_file_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let log = AccessLog::start(&plan(Destination::File(path.clone())), Counter::default()).unwrap();
    let (entry, measured) = line("/one");
    log.write(entry, measured);
    log.flush(LIMIT);
    let moved = dir.path().join("access.log.1");
    std::fs::rename(&path, &moved).unwrap();
    log.reopen();
    let (entry, measured) = line("/two");
    log.write(entry, measured);
    log.flush(LIMIT);
    let read = |path| std::fs::read_to_string(path).unwrap();
    assert!(read(&moved).contains("/one") && !read(&moved).contains("/two"));
    assert!(read(&path).contains("/two"));
}

#[cfg(unix)]
#[test]
fn a_new_log_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let _log =
        AccessLog::start(&plan(Destination::File(path.clone())), Counter::default()).unwrap();
    assert_eq!(
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_with_its_name() {
    let path = PathBuf::from("/nonexistent/directory/access.log");
    let error =
        AccessLog::start(&plan(Destination::File(path.clone())), Counter::default()).unwrap_err();
    assert_eq!(error.path, path);
}

/// Blocks in the first write until told to go on.
struct Stuck(mpsc::Receiver<()>, mpsc::Sender<()>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.1.send(());
        let _ = self.0.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stuck_writer_drops_lines_and_never_blocks_traffic() {
    let (go, wait) = mpsc::channel();
    let (began, begun) = mpsc::channel();
    let dropped = Counter::default();
    let plan = AccessLogPlan {
        queue: 2,
        ..AccessLogPlan::default()
    };
    let sink = Box::new(Stuck(wait, began));
    let log = AccessLog::with_sink(sink, None, &plan, dropped.clone()).unwrap();
    let write = |path| {
        let (entry, measured) = line(path);
        log.write(entry, measured);
    };
    write("/first");
    begun.recv_timeout(LIMIT).unwrap();
    for _ in 0..5 {
        write("/more");
    }
    assert_eq!(dropped.get(), 3);
    drop(go);
}

struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_counts_lines_and_goes_on() {
    let dropped = Counter::default();
    let plan = AccessLogPlan::default();
    let log = AccessLog::with_sink(Box::new(Full), None, &plan, dropped.clone()).unwrap();
    for _ in 0..3 {
        let (entry, measured) = line("/x");
        log.write(entry, measured);
        log.flush(LIMIT);
    }
    assert_eq!(dropped.get(), 3);
}
