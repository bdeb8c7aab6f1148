//! Placeholders of instructions, left in the file: `<tenant id>`, `TENANT-ID`.

use super::ProviderKind;
use crate::read::{Item, short};

/// Words that show a name in capitals to be a placeholder.
const WORDS: &[&str] = &[
    "ID", "GUID", "UUID", "YOUR", "TENANT", "CLIENT", "CHANGE", "REPLACE", "HERE",
];

/// Placeholders of one word.
const ALONE: &[&str] = &[
    "TENANT",
    "TENANTID",
    "CLIENTID",
    "GUID",
    "CHANGEME",
    "00000000-0000-0000-0000-000000000000",
];

/// Whether a placeholder is left in `text`, a value of `item`. It is reported; `cure` says what to put there and where
/// that is found. A name in capitals can be meant outside Entra, where it is a warning and the value stands.
pub(crate) fn is_left(item: &Item<'_>, text: &str, kind: ProviderKind, cure: &str) -> bool {
    let (found, sure) = match (bracketed(text), named(text)) {
        (Some(found), _) => (found, true),
        (None, Some(found)) => (found, kind == ProviderKind::Entra),
        (None, None) => return false,
    };
    let message = format!("`{}` is still the placeholder", short(found));
    if sure {
        item.error(message, cure);
    } else {
        item.warning(message, format!("if it is meant, leave it; else {cure}"));
    }
    sure
}

/// `<…>` or `{…}`; `{tenantid}` is Microsoft's own word for every tenant.
fn bracketed(text: &str) -> Option<&str> {
    [('<', '>'), ('{', '}')]
        .into_iter()
        .find_map(|(open, close)| {
            let start = text.find(open)?;
            let length = text.get(start..)?.find(close)?;
            let found = text.get(start..=start + length)?;
            (!found.eq_ignore_ascii_case("{tenantid}")).then_some(found)
        })
}

fn named(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
        .find(|piece| {
            let words: Vec<&str> = piece.split(['-', '_']).collect();
            let capitals = piece
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b == b'-' || b == b'_');
            ALONE.contains(piece)
                || (words.len() > 1 && capitals && words.iter().any(|word| WORDS.contains(word)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_names() {
        for (text, expected) in [
            (
                "https://login.microsoftonline.com/<tenant id>/v2.0",
                Some("<tenant id>"),
            ),
            (
                "https://login.microsoftonline.com/TENANT-ID/v2.0",
                Some("TENANT-ID"),
            ),
            (
                "https://login.microsoftonline.com/TENANT/v2.0",
                Some("TENANT"),
            ),
            ("https://login.microsoftonline.com/{tenantid}/v2.0", None),
            (
                "https://login.microsoftonline.com/{tenant-id}/v2.0",
                Some("{tenant-id}"),
            ),
            ("https://login.microsoftonline.com/common/v2.0", None),
            (
                "<Application (client) ID of the sign-in>",
                Some("<Application (client) ID of the sign-in>"),
            ),
            (
                "api://<API's client ID>/.default",
                Some("<API's client ID>"),
            ),
            ("api://API-ID/access", Some("API-ID")),
            ("api://YOUR_API/access", Some("YOUR_API")),
            (
                "00000000-0000-0000-0000-000000000000",
                Some("00000000-0000-0000-0000-000000000000"),
            ),
            ("59d7f244-6541-464b-9ea4-6cdba60509b1", None),
            ("59D7F244-6541-464B-9EA4-6CDBA60509B1", None),
            ("https://id.example.com/realms/MAIN-EU", None),
            ("PORTAL", None),
            ("User.Read", None),
        ] {
            assert_eq!(bracketed(text).or_else(|| named(text)), expected, "{text}");
        }
    }
}
