//! What to do about a start that failed.

use std::borrow::Cow;
use std::error::Error;
use std::io;

use vestibule_proxy::listen::{BindError, CertificateError};
use vestibule_proxy::pages::PagesError;
use vestibule_proxy::server::StartError;
use vestibule_proxy::store::OpenError;

/// The first port that every user may take.
const FIRST_FREE_PORT: u16 = 1024;

/// What to change, where the error shows it.
pub(crate) fn help(error: &(dyn Error + 'static)) -> Option<Cow<'static, str>> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(StartError::Bind(error)) = error.downcast_ref() {
            return of_address(error).map(Cow::Borrowed);
        }
        if let Some(error) = error.downcast_ref::<PagesError>() {
            return of_page(error);
        }
        if let Some(CertificateError::Mismatch { .. }) = error.downcast_ref() {
            let help = "put the key beside it that it was made with, in `tls.key`; `openssl x509 -noout -pubkey -in \
                        CERTIFICATE` and `openssl pkey -pubout -in KEY` print the same for a pair";
            return Some(help.into());
        }
        if let Some(OpenError::InUse { .. }) = error.downcast_ref() {
            let help =
                "stop the other one, or give this one a file of its own: `store` in `[session]`";
            return Some(help.into());
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return of_file(error).map(Cow::Borrowed);
        }
        next = error.source();
    }
    None
}

fn of_page(error: &PagesError) -> Option<Cow<'static, str>> {
    Some(match error {
        PagesError::Variable { name, known, .. } => {
            let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            let known = known.join(", ");
            format!("`{name}` has {known}: docs/pages.md says what each is").into()
        }
        PagesError::Template { .. } => "docs/pages.md says what a template may have".into(),
        PagesError::StyleClosesElement => {
            "take `</` out of `style.css`: it would end the element that the style sheet is in"
                .into()
        }
        PagesError::Unreadable { source, .. } => return of_file(source).map(Cow::Borrowed),
        _ => return None,
    })
}

fn of_address(error: &BindError) -> Option<&'static str> {
    match error.cause.kind() {
        io::ErrorKind::AddrInUse => {
            Some("another program uses that port: stop it, or change `listen`")
        }
        io::ErrorKind::PermissionDenied if error.address.port() < FIRST_FREE_PORT => Some(
            "a port below 1024 needs a right: AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit; or change \
             `listen` to a port from 1024 on",
        ),
        io::ErrorKind::AddrNotAvailable => Some(
            "this machine has no such address: `ip address` shows those it has; `listen` on one of them, or on 0.0.0.0 \
             for all",
        ),
        _ => None,
    }
}

fn of_file(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Some(
            "let the user that runs vestibule use it (`chown`, `chmod`); for the sealing key and the sessions another \
             folder does too: set `session.store` or $STATE_DIRECTORY",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_taken_has_its_cure() {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
        for (address, kind, cure) in [
            ("127.0.0.1:8080", AddrInUse, Some("another program")),
            (
                "127.0.0.1:81",
                PermissionDenied,
                Some("CAP_NET_BIND_SERVICE"),
            ),
            ("127.0.0.1:8081", PermissionDenied, None),
            (
                "203.0.113.9:8621",
                AddrNotAvailable,
                Some("no such address"),
            ),
        ] {
            let error = StartError::Bind(BindError {
                address: address.parse().unwrap(),
                cause: kind.into(),
            });
            match (help(&error), cure) {
                (Some(help), Some(cure)) => assert!(help.contains(cure), "{address}: {help}"),
                (help, cure) => assert_eq!(help.as_deref(), cure, "{address}"),
            }
        }
    }

    #[test]
    fn a_file_that_may_not_be_used_and_a_key_of_another_certificate_have_theirs() {
        let denied = CertificateError::Read {
            source_name: "key.pem".to_owned(),
            cause: io::ErrorKind::PermissionDenied.into(),
        };
        assert!(help(&denied).unwrap().contains("chown"));
        let mismatch = CertificateError::Mismatch {
            certificate: "a.crt".to_owned(),
            key: "b.key".to_owned(),
        };
        assert!(help(&mismatch).unwrap().contains("openssl"));
    }
}
