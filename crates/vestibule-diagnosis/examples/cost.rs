//! What judging one token costs on this machine: `cargo run --release -p vestibule-diagnosis --example cost`.
//!
//! Three figures: to read and judge an ordinary access token, as the proxy does for each one it is given; to check an
//! RS256 signature with a key of 2048 bits, which it does beside that; and both together.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use vestibule_diagnosis::evidence::{Api, Role, Token};
use vestibule_diagnosis::{Evidence, diagnose_token};
use vestibule_oidc::jose::{Algorithm, CompactJws, KeySet};
use vestibule_oidc::time::UnixTime;

const ROUNDS: u32 = 20_000;
const NOW: i64 = 1_800_000_000;
/// RFC 7515 §A.2: a signed text and its key.
const SIGNED: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const KEYS: &str = r#"{"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]}"#;

fn main() {
    let token = token();
    let keys = KeySet::parse(KEYS.as_bytes()).unwrap();
    let judge = || {
        let found = diagnose_token(&evidence(black_box(&token)));
        assert!(found.is_empty(), "{found:?}");
    };
    let verify = || {
        let jws = CompactJws::parse(black_box(SIGNED), 16 << 10).unwrap();
        keys.verify(&jws, &Algorithm::ALL).unwrap();
    };
    say("read and judge", judge);
    say("check the signature", verify);
    say("both", || {
        judge();
        verify();
    });
}

fn say(what: &str, work: impl Fn()) {
    for _ in 0..ROUNDS / 10 {
        work();
    }
    let (began, cpu) = (Instant::now(), cpu_secs());
    for _ in 0..ROUNDS {
        work();
    }
    let passed = match cpu.zip(cpu_secs()) {
        Some((before, after)) => after - before,
        None => began.elapsed().as_secs_f64(),
    };
    println!("{what:20} {:6.1} µs", passed * 1e6 / f64::from(ROUNDS));
}

/// The time of the processor that this process has used, where the system tells it: others may be at work beside it.
fn cpu_secs() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanos: f64 = text.split_ascii_whitespace().next()?.parse().ok()?;
    Some(nanos / 1e9)
}

fn evidence(token: &str) -> Evidence {
    const API: &str = "9e59d98b-d747-4a9a-96fd-178f04d08b02";
    let mut api = Api::default();
    api.name = Some(format!("api://{API}"));
    api.audiences = vec![format!("api://{API}"), API.to_owned()];
    let mut evidence = Evidence::default();
    evidence.now = Some(UnixTime::from_secs(NOW));
    evidence.token = Some(
        Token::of(token)
            .role(Role::Access)
            .just_issued()
            .verified(Ok(())),
    );
    evidence.api = Some(api);
    evidence
}

/// An access token of the size and content of Entra's.
fn token() -> String {
    let header = r#"{"typ":"JWT","alg":"RS256","kid":"bpZhKF2E5T1zFmpjLkNdEdi2i8w"}"#;
    let claims = format!(
        r#"{{"aud":"9e59d98b-d747-4a9a-96fd-178f04d08b02","iss":"https://login.microsoftonline.com/5fdb1a1a-3a44-4f4c-9b5e-6d5b1a0f2c11/v2.0","iat":{0},"nbf":{0},"exp":{1},"aio":"AWQAm/8TAAAAG2e","azp":"59d7f244-6541-464b-9ea4-6cdba60509b1","azpacr":"1","name":"Ada Lovelace","oid":"0b6f9e6e-5a4f-4f0e-8a45-0d8a6a1b7c22","preferred_username":"ada@contoso.com","rh":"0.AXoAGhrbX0Q6TE-bXm1bGg8sEQ","scp":"access_as_user","sub":"hKcU5xnJ1e2sPAWtvf0ZrJ5hQnq0qkS1y6C0mQpPjWs","tid":"5fdb1a1a-3a44-4f4c-9b5e-6d5b1a0f2c11","uti":"aBcDeFgHiJkLmNoPqRsTAA","ver":"2.0","groups":["0f0e0d0c-0b0a-4908-8706-050403020100","1f0e0d0c-0b0a-4908-8706-050403020100"]}}"#,
        NOW - 60,
        NOW + 3600
    );
    let signature = SIGNED.rsplit('.').next().unwrap_or_default();
    format!(
        "{}.{}.{signature}",
        base64url(header.as_bytes()),
        base64url(claims.as_bytes())
    )
}

fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        for at in 0..=group.len() {
            let letter = (bits >> (18 - 6 * at)) as usize & 63;
            text.push(char::from(LETTERS.get(letter).copied().unwrap_or_default()));
        }
    }
    text
}
