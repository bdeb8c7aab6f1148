//! Target `diagnosis_text`: whatever is pasted, a diagnosis comes of it, and no secret of it.

use vestibule_diagnosis::{Evidence, diagnose};

/// A token, as it stands in logs and answers. Nobody issued it.
const CANARY: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJhcGk6Ly9jYW5hcnkifQ.U2lnbmVkQnlOb2JvZHlBdEFsbC1DYW5hcnk3Nzc3";
/// What must not come out: its signature, and what a client secret of Entra's looks like.
const SIGNATURE: &str = "U2lnbmVkQnlOb2JvZHlBdEFsbC1DYW5hcnk3Nzc3";
const SECRET: &str = "Kx8Q~aBcDeFgHiJkLmNoPqRsTuVwXyZ0123Canary";
/// Where the canaries stand.
const PLACES: [&str; 5] = [
    "\nAuthorization: Bearer {canary}\n",
    "\nclient_secret={secret}&code={canary}&state=x\n",
    "\n{\"access_token\":\"{canary}\",\"error_description\":\"AADSTS50011: '{secret}'\"}\n",
    "\nhttps://portal.example.com/cb?code={canary}&error=x&error_description={secret}\n",
    "\nresource '{secret}' named '{canary}' in the tenant '{canary}'\n",
];

/// Pasted text: an error page, a log, an address, an answer.
pub fn diagnosis_text(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let plain = Evidence::of_text(&text);
    for finding in diagnose(&plain) {
        assert!(
            !finding.seen.is_empty() && !finding.change.is_empty(),
            "{finding}"
        );
    }
    let place = PLACES
        .get(input.len() % PLACES.len())
        .copied()
        .unwrap_or_default();
    let canaries = place
        .replace("{canary}", CANARY)
        .replace("{secret}", SECRET);
    for text in [format!("{canaries}{text}"), format!("{text}{canaries}")] {
        for finding in diagnose(&Evidence::of_text(&text)) {
            let told = serde_json::to_string(&finding).unwrap_or_default();
            assert!(
                !told.contains(SIGNATURE) && !told.contains(SECRET),
                "{told}"
            );
        }
    }
}
