use std::path::Path;

use rcgen::{CertifiedKey as Generated, generate_simple_self_signed};

use super::*;

fn generate(name: &str) -> (String, String) {
    let Generated { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
    (cert.pem(), signing_key.serialize_pem())
}

fn write(dir: &Path, pair: &(String, String)) {
    std::fs::write(dir.join("cert.pem"), &pair.0).unwrap();
    std::fs::write(dir.join("key.pem"), &pair.1).unwrap();
}

fn files(dir: &Path) -> CertificatePair {
    CertificatePair {
        certificate: PemSource::File(dir.join("cert.pem")),
        key: PemSource::File(dir.join("key.pem")),
    }
}

fn served(identity: &TlsIdentity) -> Vec<u8> {
    identity.keys.0.load()[0].cert[0].to_vec()
}

#[test]
fn changed_files_are_taken_and_a_bad_pair_keeps_the_old() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (generate("one.test"), generate("two.test"));
    write(dir.path(), &first);
    let identity = TlsIdentity::load(vec![files(dir.path())]).unwrap();
    let before = served(&identity);
    assert!(!identity.refresh().unwrap(), "nothing changed");

    // Half of a swap: the new certificate is there, its key is not.
    std::fs::write(dir.path().join("cert.pem"), &second.0).unwrap();
    assert!(matches!(
        identity.refresh(),
        Err(CertificateError::Mismatch { .. })
    ));
    assert_eq!(served(&identity), before);
    assert!(
        !identity.refresh().unwrap(),
        "a bad pair is complained about once"
    );

    std::fs::write(dir.path().join("key.pem"), &second.1).unwrap();
    assert!(identity.refresh().unwrap());
    let after = served(&identity);
    assert_ne!(after, before);

    for broken in ["", "garbage"] {
        std::fs::write(dir.path().join("cert.pem"), broken).unwrap();
        assert!(matches!(
            identity.refresh(),
            Err(CertificateError::NoCertificate { .. })
        ));
    }
    std::fs::remove_file(dir.path().join("key.pem")).unwrap();
    assert!(matches!(
        identity.refresh(),
        Err(CertificateError::Read { .. })
    ));
    assert_eq!(served(&identity), after);
}

/// CVE-2026-54762, CVE-2026-27586: a missing or unusable file at start is an error, never plain or unchecked service.
#[test]
fn cve_2026_54762_unusable_certificates_are_refused_at_start() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(
        TlsIdentity::load(vec![]),
        Err(CertificateError::None)
    ));
    assert!(matches!(
        TlsIdentity::load(vec![files(dir.path())]),
        Err(CertificateError::Read { .. })
    ));
    let (certificate, key) = generate("one.test");
    write(dir.path(), &(certificate.clone(), String::new()));
    assert!(matches!(
        TlsIdentity::load(vec![files(dir.path())]),
        Err(CertificateError::NoKey { .. })
    ));
    write(dir.path(), &(certificate, generate("two.test").1));
    let error = TlsIdentity::load(vec![files(dir.path())]).unwrap_err();
    assert!(matches!(error, CertificateError::Mismatch { .. }));
    assert!(!key.is_empty() && !format!("{error:?}").contains("PRIVATE"));
}

#[test]
fn a_certificate_fits_the_names_it_has() {
    let pair = |name| {
        let (certificate, key) = generate(name);
        CertificatePair {
            certificate: PemSource::Inline(certificate.into()),
            key: PemSource::Inline(key.into()),
        }
    };
    let identity = TlsIdentity::load(vec![pair("one.test"), pair("two.test")]).unwrap();
    let keys = identity.keys.0.load();
    let name = |name: &'static str| ServerName::try_from(name).unwrap();
    assert!(fits(&keys[1], &name("two.test")) && !fits(&keys[0], &name("two.test")));
}

/// RFC 9525 §6.3: a common name is no name, and `*` stands for one label.
#[test]
fn a_certificate_is_for_its_alternative_names_alone() {
    let mut params = rcgen::CertificateParams::new([
        "portal.example.com".to_owned(),
        "*.apps.example.com".to_owned(),
        "192.0.2.1".to_owned(),
        "2001:db8::1".to_owned(),
    ])
    .unwrap();
    let common = |params: &mut rcgen::CertificateParams| {
        let name = "common.example.com";
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
    };
    common(&mut params);
    let key = rcgen::KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let certificate = first_certificate(pem.as_bytes()).unwrap();
    for (host, expected) in [
        ("portal.example.com", true),
        ("PORTAL.example.com", true),
        ("wiki.apps.example.com", true),
        ("192.0.2.1", true),
        ("[2001:db8::1]", true),
        ("common.example.com", false),
        ("a.wiki.apps.example.com", false),
        ("apps.example.com", false),
        ("xapps.example.com", false),
        ("*.apps.example.com", false),
        ("192.0.2.2", false),
        ("", false),
    ] {
        assert_eq!(covers(&certificate, host), expected, "{host}");
    }
    let mut none = rcgen::CertificateParams::default();
    common(&mut none);
    let none = none.self_signed(&key).unwrap();
    assert!(!covers(none.der(), "common.example.com"));
    assert!(first_certificate(b"").is_none());
}
