//! Whether a server, the recorder behind it and the readers agree about some bytes.

use std::time::Duration;

use super::case::{Case, Forwarded, Verdict};
use super::front::Front;
use super::notation;
use super::reader::{Readers, Seen};
use super::recorder::{Recorded, Transcript};
use super::talk::{Answer, Nothing, Talk};

/// How long Vestibule may take for anything a case expects.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long nothing must happen before a server is taken to wait for more.
const SILENCE: Duration = Duration::from_millis(300);

/// Sent once the protocol is another one.
const PING: &[u8] = b"ping";

/// Sent after a case: whoever has read as many requests as we think reads this one next.
fn probe(host: &str) -> String {
    format!("GET /after HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
}

/// How the bytes of a case are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// At once.
    Whole,
    /// One by one.
    Bytewise,
}

/// Sends a case to Vestibule and compares everything with its verdicts.
///
/// # Errors
///
/// What is not as the case says.
pub fn case(case: &Case, pace: Pace, front: &Front, readers: &Readers) -> Result<(), String> {
    let bytes = case.bytes(&front.host());
    let mut talk = Talk::open(front.port, PATIENCE);
    match pace {
        Pace::Whole => talk.send(&bytes),
        Pace::Bytewise => talk.send_slowly(&bytes),
    }
    let mut expected: Vec<Forwarded> = Vec::new();
    let mut aborts = false;
    let mut waits = false;
    let mut is_over = false;
    for verdict in &case.verdicts {
        if *verdict == Verdict::Waits {
            talk.be_patient_for(SILENCE);
        }
        let answer = talk.answer();
        match (verdict, &answer) {
            (Verdict::Forwarded(forwarded), Ok(answer)) => {
                let status = if forwarded.switches { 101 } else { 200 };
                if answer.status != status || answer.recorded.as_ref() != Some(&forwarded.method) {
                    return settle(front, format!("expected {}, got {answer:?}", verdict));
                }
                is_over = forwarded.closes;
                expected.push(forwarded.clone());
            }
            (Verdict::Refused(status), Ok(answer))
                if answer.recorded.is_none() && answer.status == *status =>
            {
                is_over = true;
            }
            (
                Verdict::Aborted,
                Ok(Answer {
                    status: 400 | 408, ..
                })
                | Err(Nothing::Closed),
            ) => {
                (aborts, is_over) = (true, true);
            }
            (Verdict::Waits, Err(Nothing::Silent)) => waits = true,
            (Verdict::Closed, Err(Nothing::Closed)) => is_over = true,
            _ => {
                return settle(front, format!("expected {}, got {answer:?}", verdict));
            }
        }
    }
    let switches = expected.last().is_some_and(|last| last.switches);
    if is_over {
        let (more, end) = talk.rest();
        if !more.is_empty() || end == Nothing::Silent {
            let text = notation::text(&more);
            return settle(front, format!("expected the end, got {end:?} after {text}"));
        }
    } else if switches {
        talk.send(PING);
    } else if !waits {
        talk.send(probe(&front.host()).as_bytes());
        let after = talk.answer();
        if !matches!(&after, Ok(Answer { recorded: Some(method), .. }) if method == "GET") {
            return settle(
                front,
                format!("the next request on the connection got {after:?}"),
            );
        }
        expected.push(Forwarded {
            method: "GET".to_owned(),
            target: "/after".to_owned(),
            ..Forwarded::default()
        });
    }
    drop(talk);
    let transcripts = take(front)?;
    if switches && !transcripts.iter().any(|one| one.tunnel.ends_with(PING)) {
        return Err("what was said in the new protocol did not arrive".to_owned());
    }
    compare(&transcripts, &expected, aborts || waits, &front.host())?;
    agree(&transcripts, readers).map(|_| ())
}

/// Sends any bytes to Vestibule: whatever it forwards must have one reading. Gives what it forwarded.
///
/// # Errors
///
/// Who reads something else.
pub fn any(bytes: &[u8], front: &Front, readers: &Readers) -> Result<Vec<Seen>, String> {
    let mut talk = Talk::open(front.port, SILENCE);
    talk.send(bytes);
    talk.send(probe(&front.host()).as_bytes());
    let _ = talk.rest();
    drop(talk);
    let transcripts = take(front)?;
    if let Some(odd) = transcripts
        .iter()
        .flat_map(|one| &one.requests)
        .find_map(|one| one.odd)
    {
        return Err(format!("the upstream got {odd}: {}", texts(&transcripts)));
    }
    agree(&transcripts, readers)
}

/// What a plain proxy makes of a case, on one line: its answers, and what it forwarded. A request
/// that was sent after the case is left out if it came through.
#[must_use]
pub fn observe(case: &Case, front: &Front) -> String {
    let mut talk = Talk::open(front.port, SILENCE);
    talk.send(&case.bytes(&front.host()));
    talk.send(probe(&front.host()).as_bytes());
    let mut answers = Vec::new();
    let end = loop {
        match talk.answer() {
            Ok(answer) => answers.push(answer),
            Err(end) => break end,
        }
    };
    drop(talk);
    let transcripts = front.recorder.take(PATIENCE).unwrap_or_default();
    let mut requests = in_order(&transcripts);
    let is_probe = |last: &&Recorded| last.target == "/after" && last.odd.is_none();
    if requests.last().is_some_and(is_probe) {
        requests.pop();
        answers.pop();
    }
    let mut parts: Vec<String> = requests
        .iter()
        .map(|one| {
            let body = if one.body.is_empty() {
                String::new()
            } else {
                format!(" {} bytes", one.body.len())
            };
            format!(
                "{} {}{body}",
                one.method,
                notation::text(one.target.as_bytes())
            )
        })
        .collect();
    if transcripts.iter().any(|one| !one.rest.is_empty()) {
        parts.push("half a request".to_owned());
    }
    let refusals = answers.iter().filter(|answer| answer.recorded.is_none());
    parts.extend(refusals.map(|answer| answer.status.to_string()));
    if parts.is_empty() {
        parts.push(format!("{end:?}").to_lowercase());
    }
    parts.join(", ")
}

/// Waits until this failed case is over, so that the next one does not suffer.
fn settle(front: &Front, what: String) -> Result<(), String> {
    let forwarded = match front.recorder.take(PATIENCE) {
        Ok(transcripts) => texts(&transcripts),
        Err(half) => format!("half a request, still open: {}", notation::text(&half)),
    };
    Err(format!("{what}; forwarded: {forwarded}"))
}

fn take(front: &Front) -> Result<Vec<Transcript>, String> {
    front.recorder.take(PATIENCE).map_err(|half| {
        let text = notation::text(&half);
        format!("the upstream's connection with half a request stays open: {text}")
    })
}

fn compare(
    transcripts: &[Transcript],
    expected: &[Forwarded],
    may_break_off: bool,
    host: &str,
) -> Result<(), String> {
    let requests = in_order(transcripts);
    let half = transcripts.iter().any(|one| !one.rest.is_empty());
    if requests.len() != expected.len() || (half && !may_break_off) {
        let count = expected.len();
        return Err(format!(
            "expected {count} requests, the upstream got {}",
            texts(transcripts)
        ));
    }
    for (request, expected) in requests.iter().zip(expected) {
        one(request, expected, host)
            .map_err(|what| format!("{what}: {}", notation::text(&request.bytes)))?;
    }
    Ok(())
}

fn one(request: &Recorded, expected: &Forwarded, host: &str) -> Result<(), String> {
    if let Some(odd) = request.odd {
        return Err(format!("the upstream got {odd}"));
    }
    let target = notation::bytes(&expected.target, "");
    if request.method != expected.method || request.target.as_bytes() != target {
        return Err(format!("expected {} {}", expected.method, expected.target));
    }
    if request.body != notation::bytes(&expected.body, "") {
        return Err(format!("expected the body {}", expected.body));
    }
    if let Some(missing) = expected
        .with
        .iter()
        .find(|field| !request.fields.contains(&field.replace("{host}", host)))
    {
        return Err(format!("expected {missing}"));
    }
    match expected.without.iter().find(|name| request.has(name)) {
        Some(there) => Err(format!("did not expect {there}")),
        None => Ok(()),
    }
}

/// Replays every connection; gives what all readers saw, which is what the recorder saw.
fn agree(transcripts: &[Transcript], readers: &Readers) -> Result<Vec<Seen>, String> {
    let mut all = Vec::new();
    for transcript in transcripts {
        let seen = readers.read(transcript)?;
        let same = seen.len() == transcript.requests.len()
            && seen
                .iter()
                .zip(&transcript.requests)
                .all(|(seen, recorded)| {
                    (&seen.method, &seen.target) == (&recorded.method, &recorded.target)
                        && seen
                            .body
                            .chars()
                            .eq(recorded.body.iter().map(|&byte| char::from(byte)))
                });
        if !same {
            let text = notation::text(&transcript.bytes());
            return Err(format!(
                "the readers saw {seen:?}, the recorder another thing: {text}"
            ));
        }
        all.extend(seen);
    }
    Ok(all)
}

fn in_order(transcripts: &[Transcript]) -> Vec<&Recorded> {
    let mut requests: Vec<&Recorded> = transcripts.iter().flat_map(|one| &one.requests).collect();
    requests.sort_by_key(|request| request.number);
    requests
}

fn texts(transcripts: &[Transcript]) -> String {
    let texts: Vec<String> = transcripts
        .iter()
        .map(|one| notation::text(&one.bytes()))
        .collect();
    if texts.is_empty() {
        "nothing".to_owned()
    } else {
        texts.join(" | ")
    }
}
