//! The list of all targets.

/// A fuzz target: its name, which is also the name of its corpus, and its function.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Calls the parser and asserts what must hold.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident)*) => {
        /// Every target.
        pub const TARGETS: &[Target] =
            &[$(Target { name: stringify!($name), run: crate::$name }),*];
    };
}

targets! {
    accept
    apache
    callback
    carried_cookie
    certificate
    config
    cookie
    diagnosis_text
    diagnosis_token
    forwarded
    front_channel
    host
    http1_chunks
    http1_request
    http1_response
    http1_write
    id_token
    json
    jwks
    jwt
    logout_token
    metadata
    path
    record
    request_head
    return_target
    sealed_cookie
    token_response
    user_info
}
