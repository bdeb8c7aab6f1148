//! Target `record`: a session record from a store is read as it was written, or refused.

use vestibule_session::record::Record;

/// An opened session record.
pub fn record(input: &[u8]) {
    let Ok(record) = Record::decode(input) else {
        return;
    };
    let written = record.encode();
    let again = Record::decode(&written);
    assert!(
        again.is_ok_and(|again| *again.encode() == *written),
        "not what was written"
    );
    let shown = format!("{record:?}");
    if let Some(token) = record.id_token() {
        let token = token.expose();
        assert!(
            token.len() < 20 || !shown.contains(token.as_str()),
            "shows a token"
        );
    }
}
