//! Bodies that another task reads than the connection's, as it is with HTTP/2 to the upstream.

use tokio::sync::oneshot;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Reads a body in a task of its own, which has begun when this returns.
async fn elsewhere<F>(body: Body, read: impl FnOnce(Body) -> F)
where
    F: Future<Output = ()> + 'static,
{
    tokio::task::spawn_local(read(body));
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

fn post(framing: &str, body: &str) -> String {
    format!("POST /1 HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n{body}")
}

/// A signal that something was dropped, for a behaviour that is asked once.
fn signal() -> (Mutex<Option<oneshot::Sender<()>>>, oneshot::Receiver<()>) {
    let (dropped, was_dropped) = oneshot::channel();
    (Mutex::new(Some(dropped)), was_dropped)
}

#[test]
fn a_reader_elsewhere_does_not_keep_an_answer_from_its_client() {
    let behaviour = |incoming: Incoming| -> Answering {
        Box::pin(async move {
            let read = async |mut body: Body| {
                body.piece().await;
                body.piece().await;
                // It holds the body, and does nothing more.
                std::future::pending::<()>().await;
                drop(body);
            };
            elsewhere(incoming.body, read).await;
            text(200, vec![b'a'; 50_000])
        })
    };
    on_narrow_wire(1024, behaviour, async |mut wire| {
        let start = Instant::now();
        wire.send(post("Content-Length: 10", "123")).await;
        wire.settle().await;
        wire.send("4").await;
        wire.settle().await;
        wire.head().await;
        wire.stream.read_exact(&mut [0; 50_000]).await.unwrap();
        wire.send(["567890", &get("/2")].concat()).await;
        assert_eq!(status(&wire.head().await), 200);
        assert!(start.elapsed() < SECOND, "{:?}", start.elapsed());
    });
}

#[test]
fn a_reader_elsewhere_has_the_client_told_to_go_on() {
    let behaviour = |incoming: Incoming| -> Answering {
        Box::pin(async move {
            let (read, was_read) = oneshot::channel();
            tokio::task::spawn_local(async {
                let _ = read.send(incoming.body.collect(100).await);
            });
            text(200, was_read.await.unwrap().unwrap())
        })
    };
    on_wire(behaviour, async |mut wire| {
        for _ in 0..2 {
            let framing = "Content-Length: 5\r\nExpect: 100-continue";
            wire.send(post(framing, "")).await;
            assert_eq!(wire.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
            wire.send("12345").await;
            assert_eq!(status(&wire.head().await), 200);
            wire.until("12345").await;
        }
    });
}

#[test]
fn a_client_that_leaves_is_noticed_whatever_became_of_the_reader_elsewhere() {
    enum Then {
        ReadOn,
        Drop,
    }
    for (framing, last, then) in [
        ("Content-Length: 4", "4", Then::ReadOn),
        ("Content-Length: 10", "4", Then::ReadOn),
        ("Content-Length: 10", "4", Then::Drop),
        (
            "Transfer-Encoding: chunked",
            "1\r\n4\r\nzz\r\n",
            Then::ReadOn,
        ),
    ] {
        let (dropped, was_dropped) = signal();
        let reads_on = matches!(then, Then::ReadOn);
        let behaviour = move |incoming: Incoming| -> Answering {
            let dropped = dropped.lock().unwrap().take();
            Box::pin(async move {
                let _dropped = dropped;
                let read = async move |mut body: Body| {
                    body.piece().await;
                    body.piece().await;
                    while reads_on && matches!(body.piece().await, Some(Ok(_))) {}
                };
                elsewhere(incoming.body, read).await;
                std::future::pending().await
            })
        };
        on_wire(behaviour, async move |mut wire| {
            let start = Instant::now();
            let first = if framing.starts_with('C') {
                "123"
            } else {
                "3\r\n123\r\n"
            };
            wire.send(post(framing, first)).await;
            // The connection's task waits before the body comes to its end.
            wire.settle().await;
            wire.send(last).await;
            wire.settle().await;
            drop(wire.stream);
            was_dropped.await.unwrap_err();
            assert!(start.elapsed() < SECOND, "{framing} {last:?}");
            wire.task.await.unwrap();
        });
    }
}

#[test]
fn a_reader_elsewhere_gets_nothing_of_the_rest_that_is_thrown_away() {
    let read: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&read);
    let behaviour = move |incoming: Incoming| -> Answering {
        let log = Arc::clone(&log);
        Box::pin(async move {
            let read = async move |mut body: Body| {
                while let Some(piece) = body.piece().await {
                    let piece = piece.map(|piece| String::from_utf8(piece.to_vec()).unwrap());
                    let ended = piece.is_err();
                    let said = piece.unwrap_or_else(|error| error.code().to_owned());
                    log.lock().unwrap().push(said);
                    if ended {
                        break;
                    }
                }
            };
            elsewhere(incoming.body, read).await;
            text(200, "ok")
        })
    };
    on_wire(behaviour, async move |mut wire| {
        wire.send(post("Content-Length: 10", "123")).await;
        wire.until("ok").await;
        wire.settle().await;
        // It is told at once, and does not wait for what will never come.
        assert_eq!(*read.lock().unwrap(), ["123", "body_aborted"]);
        wire.send(["4567890", &get("/2")].concat()).await;
        wire.until("ok").await;
        assert_eq!(wire.asked(), ["POST /1", "GET /2"]);
        assert_eq!(read.lock().unwrap().len(), 2);
    });
}

#[test]
fn a_body_that_is_not_there_any_more_is_no_complete_one() {
    on_wire(ok, async |wire| {
        let (stream, _far) = duplex(PIPE);
        let link = Rc::new(Link::new(Rc::clone(&wire.serving.core), limits(), stream));
        let mut body = link.begin_body(BodyFraming::Length(3), false);
        link.io.borrow_mut().body = None;
        assert_eq!(body.piece().await, Some(Err(BodyError::Aborted)));
    });
}
