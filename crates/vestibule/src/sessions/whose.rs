//! Whose sessions the flags of the command line mean.

use vestibule_proxy::sessions::Which;

use crate::cli::SessionsWhose;

/// `None`: no flag says.
pub(super) fn of(flags: &SessionsWhose) -> Option<Which> {
    let issuer = || flags.issuer.clone();
    match flags {
        SessionsWhose {
            user: Some(user), ..
        } => Some(Which::User(user.clone())),
        SessionsWhose {
            subject: Some(subject),
            ..
        } => Some(Which::Subject {
            subject: subject.clone(),
            issuer: issuer(),
        }),
        SessionsWhose { sid: Some(sid), .. } => Some(Which::Sid {
            sid: sid.clone(),
            issuer: issuer(),
        }),
        _ => None,
    }
}
