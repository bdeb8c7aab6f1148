//! Target `diagnosis_token`: a token is judged the same in the proxy and elsewhere, and never shown.

use vestibule_diagnosis::evidence::{Api, Role};
use vestibule_diagnosis::{Evidence, diagnose, diagnose_token};

/// The longest part of a token that may be told: names of claims and their plain values are.
const LONGEST_RUN: usize = 80;

/// A token, as text.
pub fn diagnosis_token(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut evidence = Evidence::of_token(&text);
    if let Some(token) = &mut evidence.token {
        assert!(token.length <= text.len());
        token.role = if input.len().is_multiple_of(2) {
            Role::Access
        } else {
            Role::Id
        };
    }
    let mut api = Api::default();
    api.audiences = vec!["api://9e59d98b-d747-4a9a-96fd-178f04d08b02".to_owned()];
    api.issuers = vec!["https://id.example.com".to_owned()];
    evidence.api = Some(api);
    let signature = text.trim().rsplit('.').next().unwrap_or_default();
    let all = diagnose(&evidence);
    for finding in diagnose_token(&evidence) {
        let told = serde_json::to_string(&finding).unwrap_or_default();
        let is_long = signature.len() > LONGEST_RUN
            && signature.bytes().all(|byte| byte.is_ascii_alphanumeric());
        assert!(!is_long || !told.contains(signature), "{told}");
        assert!(!finding.change.is_empty(), "{finding}");
        // What judges tokens alone says nothing that the whole engine would not say, or explain better.
        assert!(
            all.iter().any(|other| other.severity >= finding.severity),
            "{finding}"
        );
    }
}
