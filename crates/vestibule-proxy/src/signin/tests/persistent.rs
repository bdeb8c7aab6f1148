//! Cookies that a browser keeps when it is closed, where that is set.

use super::super::rig::{Browser, Rig};

#[tokio::test(start_paused = true)]
async fn the_cookies_of_a_session_end_with_the_browser_unless_they_are_to_outlive_it() {
    for (rig, keeps) in [
        (Rig::new(), false),
        (Rig::new(), true),
        (Rig::carrying(), false),
        (Rig::carrying(), true),
    ] {
        if keeps {
            rig.keep_cookies();
        }
        let mut browser = Browser::default();
        let start = browser.go(&rig, "/app").await;
        let callback = rig.at_provider(&start);
        let done = browser.go(&rig, &callback).await;
        let is_session = |line: &&str| {
            let name = line.split('=').next().unwrap();
            let carried = name.strip_prefix("__Host-vestibule");
            carried.is_some_and(|rest| {
                rest.is_empty()
                    || rest
                        .strip_prefix('.')
                        .is_some_and(|n| n.parse::<u8>().is_ok())
            })
        };
        let lines: Vec<&str> = done.set_cookies().into_iter().filter(is_session).collect();
        let (given, gone): (Vec<&str>, Vec<&str>) =
            lines.iter().partition(|line| !line.contains("Max-Age=0"));
        assert!(!given.is_empty());
        for line in given {
            let kept = line.contains("; Max-Age=36000;");
            assert_eq!(kept, keeps, "{line}");
            assert_eq!(line.contains("Max-Age"), keeps, "{line}");
        }
        assert!(gone.iter().all(|line| line.contains("1970")), "{gone:?}");
    }
}
