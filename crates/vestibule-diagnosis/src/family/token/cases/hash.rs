use crate::Evidence;
use crate::testing::{RowCase, case};

pub(super) fn all() -> Vec<RowCase> {
    let logged = |line: &str| {
        Evidence::of_text(&format!(
            "[auth_openidc:error] [pid 7:tid 8] {line}, referer: https://idp.example.com/"
        ))
    };
    vec![
        case("VST-TOKEN-HASH")
            .shows(logged("provided \"at_hash\" hash value (pJ3Q) does not match the calculated value"))
            .shows(logged("could not validate access token against \"at_hash\" claim value"))
            .silent(logged("successfully validated the provided \"at_hash\" hash value (pJ3Q) against the calculated value")),
        case("VST-TOKEN-NO-HASH")
            .shows(logged("flow is \"id_token token\", but no at_hash found in id_token"))
            .silent(logged("could not validate access token against \"at_hash\" claim value"))
            .line("OIDCResponseType code"),
    ]
}
