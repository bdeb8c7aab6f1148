//! Includes, variables and conditions.

use std::path::Path;

use super::*;
use crate::apache::files::FixedFiles;

fn flat(items: &[Item], out: &mut Vec<String>) {
    for item in items {
        match item {
            Item::Line(line) => out.push(format!("{} {}", line.name, line.words.join("|"))),
            Item::Section(section) => {
                out.push(format!("<{} {}>", section.name, section.words.join("|")));
                flat(&section.children, out);
            }
        }
    }
}

fn read(files: &FixedFiles) -> Result<Vec<String>, Stop> {
    let variables = |name: &str| (name == "FROM_OUTSIDE").then(|| "outer".to_owned());
    let mut tree = expand(files, &variables, Path::new("/e/site.conf"))?;
    if !tree.stops.is_empty() {
        return Err(tree.stops.remove(0));
    }
    let mut out = Vec::new();
    flat(&tree.items, &mut out);
    Ok(out)
}

fn one(text: &str) -> Result<Vec<String>, Stop> {
    read(&FixedFiles::new().file("/e/site.conf", text))
}

#[test]
fn variables_are_filled_in_before_a_line_is_taken_apart() {
    let text = "Define A \"x y\"\nDefine B\nOne ${A} ${B}z ${FROM_OUTSIDE}\nUnDefine A\nTwo ${A} $A ${open";
    assert_eq!(
        one(text).unwrap(),
        ["One x|y|${B}z|outer", "Two ${A}|$A|${open"]
    );
    // A value that is empty is none, and a name without one keeps what it had.
    let text = "Define E \"\"\nOne ${E}\nDefine F x\nDefine F\nTwo ${F}";
    assert_eq!(one(text).unwrap(), ["One ${E}", "Two x"]);
    let text = "Define L \"Three a\"\nDefine Q 'b\" \"c'\n${L} \"${q}\"\nUse\\${l}";
    assert_eq!(one(text).unwrap(), ["Three a|b|c", "Use\\Three a"]);
    let tree = expand(
        &FixedFiles::new().file("/e/site.conf", "X ${NO} ${APACHE_LOG_DIR}"),
        &|_| None,
        Path::new("/e/site.conf"),
    )
    .unwrap();
    let Some(Item::Line(line)) = tree.items.first() else {
        panic!("a line")
    };
    assert_eq!(line.undefined, ["NO"]);
    assert_eq!(line.word(1), "/var/log/apache2");
}

#[test]
fn a_variable_that_grows_is_stopped() {
    let mut text = "Define A 0123456789abcdef\n".to_owned();
    for _ in 0..40 {
        text.push_str("Define A ${A}${A}${A}${A}\n");
    }
    assert!(one(&text).unwrap_err().message.contains("too long"));
}

#[test]
fn conditions_hold_as_in_apache() {
    for (condition, holds) in [
        ("<IfModule mod_ssl.c>", true),
        ("<IfModule !ssl_module>", false),
        ("<IfModule mod_security2.c>", false),
        ("<IfDefine GIVEN>", true),
        ("<IfDefine !GIVEN>", false),
        ("<IfDefine OTHER>", false),
        ("<IfVersion >= 2.4>", true),
        ("<IfModule mod_headers.c>", true),
        ("<IfModule headers>", false),
        ("<IfModule mod_HEADERS.c>", false),
        ("<IfVersion < 2.4>", false),
        ("<IfVersion !< 2.4>", true),
        ("<IfFile site.conf>", true),
        ("<IfFile /nowhere>", false),
    ] {
        let tag = condition
            .trim_start_matches('<')
            .split([' ', '>'])
            .next()
            .unwrap();
        let text = format!("Define GIVEN\n{condition}\nX\n</{tag}>");
        let found = one(&text).unwrap();
        assert_eq!(!found.is_empty(), holds, "{condition}");
    }
}

#[test]
fn includes_are_followed_in_order_and_not_for_ever() {
    let files = FixedFiles::new()
        .file("/e/site.conf", "Include inc/*.conf\nIncludeOptional none/*.conf\n<Location /a>\nInclude one.txt\n</Location>")
        .file("/e/inc/b.conf", "B")
        .file("/e/inc/a.conf", "A")
        .file("/e/one.txt", "Inside");
    assert_eq!(
        read(&files).unwrap(),
        ["A ", "B ", "<Location /a>", "Inside "]
    );
    let circle = FixedFiles::new().file("/e/site.conf", "Include site.conf");
    assert!(read(&circle).unwrap_err().message.contains("too deeply"));
    let missing = one("\n\nInclude nothing.conf").unwrap_err();
    assert_eq!(missing.at.line, 3);
    // A section must end in the file it begins in.
    let split = FixedFiles::new()
        .file("/e/site.conf", "Include open.conf\n</Location>")
        .file("/e/open.conf", "<Location /a>");
    assert_eq!(read(&split).unwrap_err().at.line, 2);
}

#[test]
fn what_is_left_out_protects_nothing() {
    for text in [
        "<IfModule mod_ssl.c>\n<Location /a>\nX\n</Location>\n</IfModule>",
        "<IfModule !mod_ssl.c>\n<Location /a>\nX\n</Location>\n</IfModule>",
        "<IfModule !mod_headers.c>\nRequestHeader set A b\n</IfModule>",
        "<IfModule mod_headers.c>\nRequestHeader set A b\nRequire all granted\n</IfModule>",
        "<IfModule mod_headers.c>\n<Location /a>\nRequestHeader set A b\n</Location>\n</IfModule>",
        "<IfModule mod_security2.c>\nRequestHeader set A b\n</IfModule>",
        "LoadModule authz_core_module m/mod_authz_core.so\n<IfModule mod_headers.c>\nRequestHeader set A b\n</IfModule>",
        "<IfModule mod_rewrite.c>\nRewriteRule ^/a http://b/ [L,P]\n</IfModule>",
        "Define F [P]\n<IfModule mod_rewrite.c>\nRewriteRule ^/a http://b/ ${F}\n</IfModule>",
        "<IfModule mod_rewrite.c>\nRewriteRule ^ - [F]\nProxyPass /a http://a/\n</IfModule>",
        "<IfModule mod_ssl.c>\n<VirtualHost *:443>\nSSLEngine on\n</VirtualHost>\n<VirtualHost *:80>\n</VirtualHost>\n</IfModule>",
        "<IfModule mod_proxy_wstunnel.c>\nProxyPass /ws ws://a/\n</IfModule>",
        "<IfModule ssl>\nRequire all denied\n</IfModule>",
        "<IfModule mod_core.c>\nRequire all granted\n</IfModule>",
        "<IfModule mod_http.c>\nRequire all granted\n</IfModule>",
        "<IfModule mod_lua.c>\nLuaHookAccessChecker a b\n</IfModule>",
        "<IfModule !mod_ssl.c>\nServerAlias a.example\n</IfModule>",
        "<IfVersion >= 2.4.60>\nRequire all granted\n</IfVersion>",
        "<IfModule mod_x.c>\nLoadModule ssl_module modules/mod_ssl.so\n</IfModule>\n<IfModule mod_ssl.c>\nRequire all granted\n</IfModule>",
        "<IfModule mod_ssl.c>\nLoadModule lua_module modules/mod_lua.so\n</IfModule>\n<IfModule mod_lua.c>\nRequire all granted\n</IfModule>",
        "<IfModule mod_ssl.c>\nDefine OPEN\n</IfModule>\n<IfDefine OPEN>\nRequire all granted\n</IfDefine>",
        "<IfModule !mod_ssl.c>\nDefine OPEN\n</IfModule>\n<IfDefine !OPEN>\nRequire all granted\n</IfDefine>",
        "LoadModule ssl_module modules/mod_ssl.so\n<IfModule mod_http2.c>\nRequire all granted\n</IfModule>",
        "<IfModule mod_ssl.c>\n<VirtualHost *:80>\n</VirtualHost>\n</IfModule>",
        "<IfModule mod_headers.c>\n<VirtualHost *:80>\nSSLEngine on\n</VirtualHost>\n</IfModule>",
    ] {
        assert!(one(text).unwrap_err().message.contains("decides"), "{text}");
    }
    let text = "<IfModule mod_ssl.c>\nDefine ROLE a\n</IfModule>\n<IfModule !mod_ssl.c>\nDefine ROLE b\n</IfModule>\nRequire claim role:${role}";
    assert!(one(text).unwrap_err().message.contains("depends on"));
    for text in [
        "<IfModule mod_authnz_ldap.c>\nRequire ldap-group x\n</IfModule>",
        "<IfDefine PROD>\n<Location /a>\nX\n</Location>\n</IfDefine>",
    ] {
        assert!(one(text).unwrap_err().message.contains("decides"), "{text}");
    }
    for text in [
        "<IfModule mod_evasive20.c>\nDOSPageCount 2\n</IfModule>",
        "<IfModule !mod_authz_core.c>\nDeny from all\n</IfModule>",
        "<IfVersion < 2.4>\nDeny from all\n</IfVersion>",
    ] {
        assert_eq!(one(text).unwrap(), [""; 0], "{text}");
    }
}

#[test]
fn what_a_module_is_needed_for_is_taken_as_it_is() {
    for (text, expected) in [
        (
            "<IfModule mod_proxy.c>\nProxyPass / http://a/\n</IfModule>",
            vec!["ProxyPass /|http://a/"],
        ),
        (
            "<IfModule mod_auth_openidc.c>\nAuthType X\n</IfModule>",
            vec!["AuthType X"],
        ),
        (
            "<IfModule mod_ssl.c>\n<VirtualHost *:443>\nSSLEngine on\n</VirtualHost>\n</IfModule>",
            vec!["<VirtualHost *:443>", "SSLEngine on"],
        ),
        (
            "LoadModule ssl_module /m/mod_ssl.so\n<IfModule mod_ssl.c>\nRequire all granted\n</IfModule>",
            vec!["LoadModule ssl_module|/m/mod_ssl.so", "Require all|granted"],
        ),
        (
            "<IfModule mod_ssl.c>\n<VirtualHost *:443>\nSSLEngine on\n</VirtualHost>\n<VirtualHost *:443>\nSSLEngine on\n</VirtualHost>\n</IfModule>",
            vec![
                "<VirtualHost *:443>",
                "SSLEngine on",
                "<VirtualHost *:443>",
                "SSLEngine on",
            ],
        ),
        (
            "<IfModule mod_headers.c>\nRequestHeader unset A\nHeader set B c\n</IfModule>",
            vec!["RequestHeader unset|A", "Header set|B|c"],
        ),
        (
            "<IfModule mod_rewrite.c>\nRewriteEngine On\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R,L]\n</IfModule>",
            vec![
                "RewriteEngine On",
                "RewriteRule ^|https://%{HTTP_HOST}%{REQUEST_URI}|[R,L]",
            ],
        ),
        (
            "LoadModule authz_core_module m/mod_authz_core.so\n<IfModule mod_ssl.c>\nSSLProtocol all\n</IfModule>",
            vec!["LoadModule authz_core_module|m/mod_authz_core.so"],
        ),
        (
            "<IfModule mod_ssl.c>\nSSLProtocol all\n</IfModule>",
            vec!["SSLProtocol all"],
        ),
        (
            "<IfVersion >= 2.4>\nRequire all granted\n</IfVersion>",
            vec!["Require all|granted"],
        ),
    ] {
        assert_eq!(one(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn macros_and_odd_comparisons_stop() {
    for text in [
        "<Macro X>\nY\n</Macro>",
        "<IfVersion ~ 2>\n</IfVersion>",
        "X \"open",
        "Define T \"<Location /a>\"\n${T}",
    ] {
        assert!(one(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_loaded_is_known_by_each_of_its_names() {
    let text = "LoadModule status_module modules/mod_status.so\nLoadModule php_module modules/libphp8.so\n";
    for (name, taken) in [
        ("mod_status.c", true),
        ("status_module", true),
        ("php_module", true),
        ("mod_cgi.c", false),
    ] {
        let text = format!("{text}<IfModule {name}>\n<Location /x>\n</Location>\n</IfModule>\n");
        assert_eq!(one(&text).is_ok(), taken, "{name}");
    }
}

#[test]
fn what_is_said_of_files_protects_nothing_that_is_proxied() {
    let text = "<IfDefine CGI>\n<Directory /usr/lib/cgi-bin>\nRequire all granted\n</Directory>\n</IfDefine>\n";
    assert_eq!(one(text).unwrap(), [""; 0]);
}

/// Files, one of which is a pipe.
struct WithPipe(FixedFiles);

impl Files for WithPipe {
    fn read(&self, path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
        match path.ends_with("pipe.conf") {
            true => Err(ErrorKind::InvalidInput.into()),
            false => self.0.read(path, most),
        }
    }

    fn list(&self, folder: &Path) -> std::io::Result<Vec<(String, bool)>> {
        self.0.list(folder)
    }
}

#[test]
fn a_pipe_is_called_one_and_not_missing() {
    for word in ["Include", "IncludeOptional"] {
        let files = FixedFiles::new().file("/e/site.conf", format!("{word} pipe.conf"));
        let tree = expand(&WithPipe(files), &|_| None, Path::new("/e/site.conf")).unwrap();
        let stop = tree.stops.first().unwrap();
        assert!(
            stop.message.contains("pipe.conf is not a regular file"),
            "{}",
            stop.message
        );
    }
}

#[test]
fn a_section_that_stops_says_the_one_step_that_decides_it() {
    let alone = "<IfModule mod_ssl.c>\nRequire all granted\n</IfModule>";
    let help = one(alone).unwrap_err().help;
    assert!(
        help.contains("LoadModule ssl_module mod_ssl.so above"),
        "{help}"
    );
    assert!(help.contains("/etc/apache2"), "{help}");
    let taken = format!("LoadModule ssl_module mod_ssl.so\n{alone}");
    assert!(one(&taken).is_ok());
    // Whoever named the whole is not told to.
    let whole = format!("LoadModule authz_core_module mod_authz_core.so\n{alone}");
    let stop = one(&whole).unwrap_err();
    assert!(
        stop.message.contains("taken for not in force"),
        "{}",
        stop.message
    );
    assert!(!stop.help.contains("folder"), "{}", stop.help);
    let otherwise = whole.replace("<IfModule mod_ssl", "<IfModule !mod_ssl");
    let stop = one(&otherwise).unwrap_err();
    assert!(
        stop.help.contains("leave what is between them"),
        "{}",
        stop.help
    );
}

/// Files as they are, whatever their bytes.
struct Bytes(Vec<u8>);

impl Files for Bytes {
    fn read(&self, _: &Path, _: u64) -> std::io::Result<Vec<u8>> {
        Ok(self.0.clone())
    }

    fn list(&self, _: &Path) -> std::io::Result<Vec<(String, bool)>> {
        Err(ErrorKind::NotFound.into())
    }
}

#[test]
fn a_comment_may_have_any_bytes_and_what_is_read_may_not() {
    let read = |bytes: &[u8]| expand(&Bytes(bytes.to_vec()), &|_| None, Path::new("/e/site.conf"));
    let tree = read(b"# Bj\xf6rn\n  # \xff\nOne a\n").unwrap();
    assert_eq!(tree.items.len(), 1);
    let Some(Item::Line(line)) = tree.items.first() else {
        panic!("a line")
    };
    assert_eq!((line.name.as_str(), line.at.line), ("One", 3));
    let stop = read(b"One a\nTwo \xf6\n").unwrap_err();
    assert_eq!(stop.at.line, 2);
    let stop = read(b"\xef\xbb\xbfOne a\n").unwrap_err();
    assert!(stop.message.contains("byte order mark"), "{}", stop.message);
}
