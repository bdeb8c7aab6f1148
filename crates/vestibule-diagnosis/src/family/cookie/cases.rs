//! What shows each row of the family, and what comes close.

use std::time::Duration;

use serde_json::json;

use crate::Evidence;
use crate::evidence::{
    Callback, Carried, Cookie, Head, Header, Origin, Parameter, Pending, SameSite, SessionSettings,
    Store,
};
use crate::testing::{
    RowCase, case, entra_id_token, evidence, provider, route, settings, texts, with,
};

fn session(fill: impl FnOnce(&mut SessionSettings)) -> Evidence {
    evidence(|e| fill(&mut e.settings.get_or_insert_with(settings).session))
}

fn came(fill: impl FnOnce(&mut Callback)) -> Evidence {
    evidence(|e| {
        let mut callback = Callback {
            method: Some("GET".to_owned()),
            parameters: vec![Parameter::new("code", 900), Parameter::new("state", 40)],
            ..Callback::default()
        };
        fill(&mut callback);
        e.callback = Some(callback);
    })
}

fn head(fields: &[(&str, &str)]) -> Head {
    Head {
        headers: fields
            .iter()
            .map(|(name, value)| Header::new(*name, *value))
            .collect(),
        ..Head::default()
    }
}

fn piled(count: usize) -> Evidence {
    piled_as("mod_auth_openidc_state_", count)
}

fn piled_as(prefix: &str, count: usize) -> Evidence {
    evidence(|e| {
        let name = |n| format!("{prefix}{n}");
        e.request = Some(Head {
            cookies: (0..count)
                .map(|n| Cookie::new(name(n), 600, true))
                .collect(),
            ..Head::default()
        });
    })
}

fn set(length: usize) -> Evidence {
    evidence(|e| {
        e.response = Some(Head {
            cookies: vec![Cookie::new("_oauth2_proxy", length, true)],
            ..Head::default()
        });
    })
}

fn apache(evidence: &Evidence) -> Evidence {
    with(evidence, |e| {
        e.settings.get_or_insert_with(settings).origin = Some(Origin::Apache)
    })
}

pub(in crate::family) fn all() -> Vec<RowCase> {
    [
        attributes(),
        carried(),
        pending(),
        circle(),
        life(),
        place(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn carried() -> Vec<RowCase> {
    let carried = |bytes: usize| {
        evidence(|e| {
            let mut carried = Carried::default();
            (carried.bytes, carried.most_bytes) = (bytes, 7168);
            carried.parts = vec![
                ("groups".to_owned(), 9000),
                ("access tokens".to_owned(), 2000),
            ];
            e.carried = Some(carried);
        })
    };
    vec![
        case("VST-COOKIE-SESSION-LARGE")
            .shows(carried(12_000))
            .shows(carried(60_000))
            .silent(carried(7168))
            .says("`groups` 9000")
            .line("store = \"file:/var/lib/vestibule/sessions\""),
    ]
}

fn attributes() -> Vec<RowCase> {
    let none = session(|session| {
        session.same_site = Some(SameSite::None);
        session.secure = Some(false);
    });
    let host_cookie = session(|session| session.cookie_name = Some("__Host-vestibule".to_owned()));
    let on_http = |url: &str| {
        with(&host_cookie, |e| {
            e.settings.as_mut().unwrap().public_urls = vec![url.to_owned()];
        })
    };
    let domain = |domain: &str| session(|session| session.cookie_domain = Some(domain.to_owned()));
    let path = |path: &str| session(|session| session.cookie_path = Some(path.to_owned()));
    vec![
        case("VST-COOKIE-NONE-INSECURE")
            .shows(none.clone())
            .shows(with(&none, |e| e.counts.completed_sign_ins = 9))
            .shows(Evidence::of_text("The cookie '.AspNetCore.Correlation.x' has set 'SameSite=None' and must also set 'Secure'."))
            .silent(with(&none, |e| e.settings.as_mut().unwrap().session.secure = Some(true)))
            .silent(with(&none, |e| e.settings.as_mut().unwrap().session.same_site = Some(SameSite::Lax))),
        case("VST-COOKIE-SECURE-HTTP")
            .shows(Evidence::of_text(
                "This Set-Cookie was blocked because it had the \"Secure\" attribute but was not received over a secure connection.",
            ))
            .shows(on_http("http://portal.example.com"))
            .shows(on_http("http://localhost:8080"))
            .silent(on_http("https://portal.example.com"))
            .silent(with(&on_http("http://localhost:8080"), |e| {
                e.settings.as_mut().unwrap().session.cookie_name = Some("vestibule-8080".to_owned());
            })),
        case("VST-COOKIE-PREFIX")
            .shows(with(&host_cookie, |e| {
                e.settings.as_mut().unwrap().session.cookie_domain = Some("example.com".to_owned());
            }))
            .shows(with(&host_cookie, |e| {
                e.settings.as_mut().unwrap().session.cookie_path = Some("/foo/".to_owned());
            }))
            .silent(with(&host_cookie, |e| {
                e.settings.as_mut().unwrap().session.cookie_path = Some("/".to_owned());
            })),
        case("VST-COOKIE-TOO-LARGE")
            .shows(set(4097))
            .shows(with(&set(9000), |e| e.counts.completed_sign_ins = 4))
            .silent(set(4096))
            .line("store = \"file:/var/lib/vestibule/sessions\""),
        case("VST-COOKIE-DOMAIN")
            .shows(with(&domain("portal.example.com"), |e| {
                e.settings.as_mut().unwrap().public_urls.push("https://www.example.com".to_owned());
            }))
            .shows(with(&domain(".azurewebsites.net"), |e| {
                let settings = e.settings.as_mut().unwrap();
                settings.public_urls = vec!["https://contoso.azurewebsites.net".to_owned()];
                settings.redirect_uri = Some("https://contoso.azurewebsites.net/.vestibule/callback".to_owned());
            }))
            .silent(domain("example.com"))
            .silent(domain(".portal.example.com")),
        case("VST-COOKIE-PATH")
            .shows(with(&path("/foo/"), |e| e.settings.as_mut().unwrap().redirect_uri = None))
            .silent(path("/")),
    ]
}

fn pending() -> Vec<RowCase> {
    let lost = came(|callback| {
        callback.method = Some("POST".to_owned());
        callback.pending = Some(Pending::NoCookie);
    });
    let lax = with(
        &session(|session| session.pending_same_site = Some(SameSite::Lax)),
        |e| {
            provider(e).response_mode = Some("form_post".to_owned());
        },
    );
    let old = came(|callback| {
        callback.age = Some(Duration::from_secs(3700));
        callback.max_age = Some(Duration::from_secs(3600));
    });
    let one = session(|session| session.one_pending_cookie = Some(true));
    let nonce = |fits| came(|callback| callback.nonce_fits = Some(fits));
    vec![
        case("VST-COOKIE-FORM-POST")
            .shows(lost.clone())
            .shows(lax.clone())
            .silent(with(&lost, |e| {
                e.settings = Some(settings());
                e.settings.as_mut().unwrap().session.pending_same_site = Some(SameSite::None);
            }))
            .silent(with(&lax, |e| {
                provider(e).response_mode = Some("query".to_owned())
            }))
            .line("response_mode = \"query\""),
        case("VST-COOKIE-FORM-POST")
            .shows(apache(&lax))
            .silent(came(|callback| callback.pending = Some(Pending::NoCookie)))
            .line("OIDCCookieSameSite Off"),
        case("VST-COOKIE-SIGN-IN-OLD")
            .shows(old.clone())
            .shows(came(|callback| callback.pending = Some(Pending::Expired)))
            .silent(with(&old, |e| {
                e.callback.as_mut().unwrap().age = Some(Duration::from_secs(3600))
            })),
        case("VST-COOKIE-TWO-TABS")
            .shows(one.clone())
            .shows(with(&one, |e| {
                e.callback =
                    came(|callback| callback.pending = Some(Pending::AnotherState)).callback
            }))
            .silent(session(|session| session.one_pending_cookie = Some(false))),
        case("VST-COOKIE-PILE-UP")
            .shows(piled(6))
            .shows(with(&piled(30), |e| {
                e.response = Some(Head {
                    status: Some(431),
                    ..Head::default()
                })
            }))
            .shows(piled_as("__Host-vestibule-signin-9Vx0", 6))
            .shows(piled_as("__Host-vestibule-8443-signin-9Vx0", 6))
            .shows(piled_as("vestibule-8080-signin-9Vx0", 6))
            .silent(piled(5))
            .silent(piled_as("vestibule-8080", 6))
            .silent(piled_as("__Host-vestibule.", 6))
            .says("cookies of sign-ins under way"),
        case("VST-COOKIE-NONCE")
            .shows(nonce(false))
            .says("a second one overwrote the first")
            .silent(nonce(true)),
        case("VST-COOKIE-NONCE")
            .shows(with(&nonce(false), |e| {
                e.settings
                    .get_or_insert_with(settings)
                    .session
                    .one_pending_cookie = Some(false);
            }))
            .says("Each sign-in has a nonce of its own")
            .silent(nonce(true)),
        case("VST-COOKIE-STATE-MISSING")
            .shows(came(|callback| callback.pending = Some(Pending::NoCookie)))
            .shows(came(|callback| {
                callback.pending = Some(Pending::AnotherState)
            }))
            .silent(came(|callback| callback.pending = Some(Pending::Fits)))
            .silent(lost),
    ]
}

fn circle() -> Vec<RowCase> {
    let replicas = |store, count| {
        with(&session(|session| session.store = Some(store)), |e| {
            e.settings.as_mut().unwrap().listener.replicas = Some(count);
        })
    };
    let round = |count| evidence(|e| e.counts.completed_sign_ins = count);
    let forbidden = evidence(|e| route(e).forbidden_signs_in = Some(true));
    vec![
        case("VST-COOKIE-KEYS")
            .shows(replicas(Store::Memory, 2))
            .shows(evidence(|e| {
                e.counts.unopened_cookies = 3;
                e.counts.completed_sign_ins = 5;
            }))
            .shows(came(|callback| callback.pending = Some(Pending::CannotBeOpened)))
            .silent(replicas(Store::Memory, 1))
            .silent(replicas(Store::Redis, 2))
            .line("keys = [\"file:/etc/vestibule/session.key\"]"),
        case("VST-COOKIE-FORBIDDEN-LOOP")
            .shows(forbidden.clone())
            .shows(with(&forbidden, |e| e.counts.completed_sign_ins = 5))
            .silent(with(&forbidden, |e| route(e).forbidden_signs_in = Some(false))),
        case("VST-COOKIE-LOOP")
            .shows(round(3))
            .shows(Evidence::of_text("This page isn't working. portal.example.com redirected you too many times. ERR_TOO_MANY_REDIRECTS"))
            .silent(round(2)),
    ]
}

fn life() -> Vec<RowCase> {
    let sid = came(|callback| callback.parameters = vec![Parameter::new("sid", 36)]);
    let hint = Evidence::of_text("Pick an account. Which account do you want to sign out of?");
    let days = with(
        &session(|session| session.lifetime = Some(Duration::from_secs(7 * 86_400))),
        |e| {
            provider(e).scopes = Some(texts(&["openid", "profile"]));
        },
    );
    vec![
        case("VST-COOKIE-ID-TOKEN-LIFE")
            .shows(session(|session| session.ends_with_id_token = Some(true)))
            .silent(session(|session| session.ends_with_id_token = Some(false)))
            .line("absolute_timeout = \"8h\""),
        case("VST-COOKIE-SIGN-OUT")
            .shows(session(|session| {
                session.sign_out_at_provider = Some(false)
            }))
            .silent(session(|session| session.sign_out_at_provider = Some(true))),
        case("VST-COOKIE-LOGOUT-HINT")
            .shows(hint.clone())
            .silent(with(&hint, |e| {
                e.id_token = Some(entra_id_token(json!({ "login_hint": "O.abc" })))
            }))
            .silent(Evidence::of_text("Pick an account to continue")),
        case("VST-COOKIE-FRONT-CHANNEL")
            .shows(sid.clone())
            .silent(with(&sid, |e| {
                e.callback.as_mut().unwrap().cookies = texts(&["__Host-vestibule"])
            }))
            .silent(came(|callback| {
                callback.parameters.push(Parameter::new("sid", 36))
            })),
        case("VST-COOKIE-OUTLIVES")
            .shows(days.clone())
            .silent(with(&days, |e| {
                provider(e).scopes = Some(texts(&["openid", "offline_access"]))
            }))
            .silent(with(&days, |e| {
                e.settings.as_mut().unwrap().session.lifetime = Some(Duration::from_secs(86_400));
            })),
    ]
}

fn place() -> Vec<RowCase> {
    let framed = |site: &str| {
        evidence(|e| {
            e.request = Some(head(&[
                ("Sec-Fetch-Dest", "iframe"),
                ("Sec-Fetch-Site", site),
            ]))
        })
    };
    let redirected = |site: &str| {
        with(&framed(site), |e| {
            let mut response = head(&[(
                "Location",
                "https://login.microsoftonline.com/x/oauth2/v2.0/authorize",
            )]);
            response.status = Some(302);
            e.response = Some(response);
        })
    };
    let passed = |own| {
        evidence(|e| {
            e.upstream_request = Some(Head {
                cookies: vec![Cookie::new("mod_auth_openidc_session", 3000, own)],
                ..Head::default()
            });
        })
    };
    vec![
        case("VST-COOKIE-FRAME")
            .shows(framed("cross-site"))
            .shows(redirected("cross-site"))
            .silent(framed("same-origin"))
            .silent(with(&framed("cross-site"), |e| {
                e.request.as_mut().unwrap().cookies = vec![Cookie::new("__Host-vestibule", 60, true)];
            })),
        case("VST-COOKIE-FRAMED-SIGN-IN")
            .shows(redirected("same-origin"))
            .shows(Evidence::of_text("Refused to display 'https://login.microsoftonline.com/' in a frame because it set 'X-Frame-Options' to 'deny'."))
            .silent(framed("same-origin")),
        case("VST-COOKIE-PASSED-ON")
            .shows(passed(true))
            .shows(with(&passed(true), |e| {
                e.upstream_response = Some(Head { status: Some(431), ..Head::default() });
            }))
            .shows(evidence(|e| route(e).passes_own_cookies = Some(true)))
            .silent(passed(false))
            .silent(evidence(|e| route(e).passes_own_cookies = Some(false))),
        case("VST-COOKIE-PASSED-ON")
            .shows(apache(&passed(true)))
            .silent(passed(false))
            .line("OIDCStripCookies mod_auth_openidc_session"),
    ]
}

/// A circle is told by its cause alone.
#[test]
fn a_circle_with_a_known_cause_is_no_finding_of_its_own() {
    use vestibule_oidc::time::UnixTime;

    let causes: [(&str, Evidence); 6] = [
        (
            "VST-TIME-CLOCK",
            evidence(|e| {
                e.now = Some(UnixTime(1_700_000_900));
                e.provider_time = Some(UnixTime(1_700_000_000));
            }),
        ),
        ("VST-COOKIE-TOO-LARGE", set(5000)),
        ("VST-COOKIE-PILE-UP", piled(20)),
        (
            "VST-COOKIE-FORBIDDEN-LOOP",
            evidence(|e| route(e).forbidden_signs_in = Some(true)),
        ),
        (
            "VST-REDIRECT-HOST",
            evidence(|e| {
                e.settings = Some(settings());
                e.request = Some(Head {
                    url: Some("https://127.0.0.1/foo".to_owned()),
                    ..Head::default()
                });
            }),
        ),
        (
            "VST-REDIRECT-COOKIE",
            session(|session| session.cookie_domain = Some("app.example.com".to_owned())),
        ),
    ];
    for (code, cause) in causes {
        let mut round = Evidence::of_text(
            "AADSTS50196: The server terminated an operation because it encountered a client request loop.",
        );
        round.counts.completed_sign_ins = 5;
        let both = with(&cause, |e| {
            e.counts = round.counts;
            e.text = round.text;
        });
        let codes: Vec<_> = crate::diagnose(&both)
            .iter()
            .map(|finding| finding.code)
            .collect();
        assert_eq!(codes, [code]);
    }
}
