//! Where random bytes come from: the operating system's generator, through aws-lc.
//!
//! The pure crates take entropy as an argument; this is the one place of the sign-in half that
//! asks for it.

/// The system's generator gave no bytes. Nothing that needs to be unguessable may be made then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("draw random bytes from the system's generator")]
pub struct EntropyError;

/// `N` fresh random bytes.
///
/// # Errors
///
/// [`EntropyError`] when the generator fails.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| EntropyError)?;
    Ok(bytes)
}
