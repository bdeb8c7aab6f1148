use super::*;

#[test]
fn a_secret_is_not_shown() {
    assert_eq!(format!("{:?}", SecretText::new("hunter2")), "SecretText(…)");
    let secrets = FixedSecrets::new()
        .variable("A", "hunter2")
        .file("/b", "hunter3");
    assert!(!format!("{secrets:?}").contains("hunter"));
}

#[test]
fn the_state_directory_is_systemd_s_then_the_person_s_then_the_system_s() {
    let with = |set: &'static [(&str, &str)]| {
        state_directory_of(|name| {
            set.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).into())
        })
    };
    assert_eq!(
        with(&[("STATE_DIRECTORY", "/a:/b"), ("HOME", "/home/x")]),
        Path::new("/a")
    );
    assert_eq!(
        with(&[("XDG_STATE_HOME", "/s"), ("HOME", "/home/x")]),
        Path::new("/s/vestibule")
    );
    assert_eq!(
        with(&[("HOME", "/home/x")]),
        Path::new("/home/x/.local/state/vestibule")
    );
    assert_eq!(with(&[("HOME", "/root")]), Path::new("/var/lib/vestibule"));
    assert_eq!(with(&[]), Path::new("/var/lib/vestibule"));
}

#[test]
fn the_innermost_mount_decides_whether_a_file_is_on_a_read_only_one() {
    let mounts = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
                  40 22 0:40 / /run/secrets ro,relatime - tmpfs tmpfs rw\n\
                  41 22 0:41 / /mnt/with\\040space ro - tmpfs tmpfs rw\n";
    for (path, expected) in [
        ("/etc/key", false),
        ("/run/secrets/key", true),
        ("/run/secrets-not/key", false),
        ("/mnt/with space/key", true),
    ] {
        assert_eq!(
            mounted_read_only(Path::new(path), mounts),
            expected,
            "{path}"
        );
    }
}

#[cfg(unix)]
#[test]
fn the_process_tells_who_can_read_a_secret_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "hunter2").unwrap();
    for (mode, group, others) in [
        (0o600, false, false),
        (0o640, true, false),
        (0o604, false, true),
    ] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let file = ProcessSecrets.file(&path).unwrap();
        assert_eq!(
            (file.group_can_read, file.others_can_read),
            (group, others),
            "{mode:o}"
        );
        assert_eq!(&file.content[..], b"hunter2");
    }
}

#[test]
fn a_secret_file_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    std::fs::write(&path, vec![b'x'; 64 * 1024 + 1]).unwrap();
    assert_eq!(
        ProcessSecrets.file(&path).unwrap_err(),
        SecretError::TooLarge
    );
    assert_eq!(
        ProcessSecrets
            .file(&folder.path().join("none"))
            .unwrap_err(),
        SecretError::Missing
    );
}

#[test]
fn the_process_looks_at_certificates_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "content").unwrap();
    assert_eq!(
        ProcessSecrets.certificates(&file),
        Ok(Some(b"content".to_vec()))
    );
    let absent = folder.path().join("absent");
    assert_eq!(
        ProcessSecrets.certificates(&absent),
        Err(SecretError::Missing)
    );
    assert!(matches!(
        ProcessSecrets.certificates(folder.path()),
        Err(SecretError::Unreadable(_))
    ));
    assert_eq!(ProcessSecrets.folder(folder.path()), Ok(()));
    assert_eq!(ProcessSecrets.folder(&absent), Err(SecretError::Missing));
    assert!(matches!(
        ProcessSecrets.folder(&file),
        Err(SecretError::Unreadable(_))
    ));
}
