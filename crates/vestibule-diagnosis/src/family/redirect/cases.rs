//! What shows each row of the family, and what comes close.

use crate::Evidence;
use crate::evidence::{Asked, Callback, Head, Header, Parameter, ProviderError, TokenResponse};
use crate::testing::{RowCase, case, evidence, provider, route, settings, texts, with};

const CALLBACK: &str = "https://portal.example.com/.vestibule/callback";

pub(in crate::family) fn all() -> Vec<RowCase> {
    [registered(), form(), platform(), callback(), way_back()]
        .into_iter()
        .flatten()
        .collect()
}

fn known() -> Evidence {
    evidence(|e| e.settings = Some(settings()))
}

/// The settings with this redirect URI, and these registered.
fn registers(uri: &str, list: &[&str]) -> Evidence {
    with(&known(), |e| {
        let settings = e.settings.as_mut().unwrap();
        settings.redirect_uri = Some(uri.to_owned());
        settings.registered_redirect_uris = Some(texts(list));
    })
}

fn refused(uri: &str) -> Evidence {
    Evidence::of_text(&format!(
        "AADSTS50011: The redirect URI '{uri}' specified in the request does not match the redirect \
         URIs configured for the application '59d7f244-6541-464b-9ea4-6cdba60509b1'."
    ))
}

fn registered() -> Vec<RowCase> {
    let forwarded = with(&refused("http://portal.example.com/cb"), |e| {
        e.request = Some(Head {
            headers: vec![Header::new("x-forwarded-proto", "https")],
            ..Head::default()
        });
    });
    vec![
        case("VST-REDIRECT-HTTP")
            .shows(with(
                &refused("http://portal.example.com/.vestibule/callback"),
                |e| {
                    e.settings = Some(settings());
                },
            ))
            .shows(registers(
                "http://portal.example.com/.vestibule/callback",
                &[CALLBACK],
            ))
            .shows(forwarded.clone())
            .line("public_url = \"https://portal.example.com\"")
            .silent(refused("http://localhost:8080/cb"))
            .silent(with(&forwarded, |e| {
                e.request.as_mut().unwrap().headers =
                    vec![Header::new("X-Forwarded-Proto", "http")];
            }))
            .silent(known()),
        case("VST-REDIRECT-SLASH")
            .shows(registers(
                CALLBACK,
                &["https://portal.example.com/.vestibule/callback/"],
            ))
            .shows(with(
                &refused("https://portal.example.com/.vestibule/callback/"),
                |e| {
                    e.settings = Some(settings());
                },
            ))
            .silent(registers(
                CALLBACK,
                &[CALLBACK, "https://portal.example.com/.vestibule/callback/"],
            ))
            .silent(registers(CALLBACK, &["https://portal.example.com/other/"])),
        case("VST-REDIRECT-CASE")
            .shows(registers(
                CALLBACK,
                &["https://portal.example.com/.Vestibule/Callback"],
            ))
            .line(CALLBACK)
            .silent(registers(
                CALLBACK,
                &["https://portal.example.com/.Vestibule/Callback", CALLBACK],
            ))
            .silent(registers(
                CALLBACK,
                &["https://portal.example.com/.Vestibule/Other"],
            )),
        case("VST-REDIRECT-UNREGISTERED")
            .shows(refused("https://portal.example.com/cb"))
            .shows(registers(CALLBACK, &["https://other.example.com/cb"]))
            .shows(registers(CALLBACK, &[]))
            .shows(with(&refused(CALLBACK), |e| e.settings = Some(settings())))
            .says("`https://portal.example.com/")
            .silent(Evidence::of_text("AADSTS50011: no address here"))
            .silent(registers(
                CALLBACK,
                &["https://other.example.com/cb", CALLBACK],
            ))
            .silent(registers(
                "http://localhost:8080/cb",
                &["http://localhost/cb"],
            ))
            .silent(known()),
        case("VST-REDIRECT-PORTS")
            .shows(registers(
                CALLBACK,
                &[
                    CALLBACK,
                    "http://localhost:3000/cb",
                    "http://localhost:8080/cb",
                ],
            ))
            .silent(registers(
                CALLBACK,
                &[
                    CALLBACK,
                    "http://localhost:3000/a",
                    "http://localhost:8080/b",
                ],
            )),
    ]
}

fn form() -> Vec<RowCase> {
    let sends = |uri: &str| {
        with(&known(), |e| {
            let settings = e.settings.as_mut().unwrap();
            settings.redirect_uri = Some(uri.to_owned());
            settings.public_urls.clear();
        })
    };
    let elsewhere = |uri: &str| {
        with(&sends(uri), |e| {
            provider(e).issuer = Some("https://id.example".to_owned())
        })
    };
    let long = format!("https://portal.example.com/{}", "a/".repeat(140));
    vec![
        case("VST-REDIRECT-PLAIN-HTTP")
            .shows(sends("http://portal.example.com/cb"))
            .shows(refused("http://portal.internal/cb"))
            .silent(sends("http://localhost:8080/cb"))
            .silent(elsewhere("http://portal.example.com/cb")),
        case("VST-REDIRECT-LOOPBACK")
            .shows(sends("http://127.0.0.1:8080/cb"))
            .shows(sends("http://[::1]:8080/cb"))
            .line("http://localhost:8080/cb")
            .silent(sends("http://localhost:8080/cb"))
            .silent(elsewhere("http://127.0.0.1:8080/cb")),
        case("VST-REDIRECT-QUERY")
            .shows(sends("https://portal.example.com/cb?x=1"))
            .shows(sends("https://*.example.com/cb"))
            .silent(sends("https://portal.example.com/cb"))
            .silent(elsewhere("https://portal.example.com/cb?x=1")),
        case("VST-REDIRECT-CHARACTERS")
            .shows(sends("https://portal.example.com/cb(1)"))
            .shows(sends(&long))
            .silent(sends("https://portal.example.com/cb-1_2.3"))
            .silent(elsewhere("https://portal.example.com/cb(1)")),
    ]
}

fn platform() -> Vec<RowCase> {
    let number = |number: u32| {
        with(&known(), |e| {
            let mut error = ProviderError::new("invalid_request", None);
            error.aadsts.push(number);
            e.provider_error = Some(error);
        })
    };
    let signs_out = registers(CALLBACK, &[CALLBACK]);
    let signs_out = with(&signs_out, |e| {
        e.settings.as_mut().unwrap().session.sign_out_at_provider = Some(true);
    });
    vec![
        case("VST-REDIRECT-SPA")
            .shows(number(9_002_325))
            .shows(number(9_002_327))
            .shows(number(700_084))
            .line(CALLBACK)
            .silent(number(9_002_326))
            .silent(Evidence::of_text("AADSTS9002327: no more is known")),
        case("VST-REDIRECT-ORIGIN")
            .shows(number(9_002_326))
            .shows(with(&known(), |e| route(e).passes_origin = Some(true)))
            .silent(with(&known(), |e| route(e).passes_origin = Some(false)))
            .silent(number(9_002_327)),
        case("VST-REDIRECT-SIGNED-OUT")
            .shows(Evidence::of_text("error=invalid_request&error_description=post_logout_redirect_uri+is+invalid"))
            .shows(Evidence::of_text("The 'post_logout_redirect_uri' parameter must be a Logout redirect URI in the client app"))
            .silent(Evidence::of_text("GET /logout?post_logout_redirect_uri=https://portal.example.com/"))
            .says("after signing out"),
        case("VST-REDIRECT-SIGNED-OUT")
            .shows(signs_out.clone())
            .line("https://portal.example.com/.vestibule/signed-out")
            .silent(with(&signs_out, |e| {
                e.settings.as_mut().unwrap().registered_redirect_uris = Some(texts(&[
                    CALLBACK,
                    "https://portal.example.com/.vestibule/signed-out",
                ]));
            }))
            .silent(with(&signs_out, |e| {
                e.settings.as_mut().unwrap().session.sign_out_at_provider = Some(false);
            })),
    ]
}

fn came(parameters: &[&str], fragment: bool) -> Evidence {
    evidence(|e| {
        e.callback = Some(Callback {
            method: Some("GET".to_owned()),
            url: Some(CALLBACK.to_owned()),
            parameters: parameters
                .iter()
                .map(|name| Parameter::new(*name, 20))
                .collect(),
            in_fragment: fragment,
            ..Callback::default()
        });
    })
}

fn callback() -> Vec<RowCase> {
    let asked = |first: &str, second: &str| {
        evidence(|e| {
            e.token_response = Some(TokenResponse {
                asked: Asked {
                    redirect_uri_at_start: Some(first.to_owned()),
                    redirect_uri_at_redemption: Some(second.to_owned()),
                    ..Asked::default()
                },
                ..TokenResponse::default()
            });
        })
    };
    let uri = |uri: &str| {
        with(&known(), |e| {
            e.settings.as_mut().unwrap().redirect_uri = Some(uri.to_owned())
        })
    };
    let path = |path: &str| {
        with(&known(), |e| {
            e.settings.as_mut().unwrap().session.cookie_path = Some(path.to_owned())
        })
    };
    let domain = |domain: &str| {
        with(&known(), |e| {
            e.settings.as_mut().unwrap().session.cookie_domain = Some(domain.to_owned())
        })
    };
    let opened = |url: &str| {
        with(&known(), |e| {
            e.request = Some(Head {
                url: Some(url.to_owned()),
                ..Head::default()
            })
        })
    };
    vec![
        case("VST-REDIRECT-TWO")
            .shows(asked(
                "https://portal.example.com/cb",
                "https://portal.example.com/cb/",
            ))
            .shows(asked("https://portal.example.com/cb", "http://10.0.0.7/cb"))
            .line("public_url = \"https://portal.example.com\"")
            .silent(asked(CALLBACK, CALLBACK)),
        case("VST-REDIRECT-IS-PAGE")
            .shows(uri("https://portal.example.com/foo"))
            .shows(uri("https://portal.example.com/foo/"))
            .shows(uri("https://portal.example.com/foo/index.html"))
            .line("redirect_path = \"/oidc/callback\"")
            .silent(uri("https://portal.example.com/foo/callback"))
            .silent(uri("https://portal.example.com/foo/v1.0"))
            .silent(uri("https://portal.example.com/food/index.html"))
            .silent(known()),
        case("VST-REDIRECT-COOKIE")
            .shows(path("/foo"))
            .shows(domain("app.example.com"))
            .silent(path("/.vestibule"))
            .silent(path("/"))
            .silent(domain("example.com")),
        case("VST-REDIRECT-HOST")
            .shows(opened("https://www.portal.example.com/foo"))
            .shows(opened("https://127.0.0.1/foo"))
            .silent(opened("https://portal.example.com/foo"))
            .silent(with(&opened("https://www.example.com/foo"), |e| {
                e.settings
                    .as_mut()
                    .unwrap()
                    .public_urls
                    .push("https://www.example.com".to_owned());
            })),
        case("VST-REDIRECT-FRAGMENT")
            .shows(came(&["code", "state"], true))
            .shows(with(&known(), |e| {
                provider(e).response_mode = Some("fragment".to_owned())
            }))
            .shows(with(&known(), |e| {
                provider(e).response_type = Some("code id_token".to_owned())
            }))
            .line("response_mode = \"query\"")
            .silent(came(&["code", "state"], false))
            .silent(with(&known(), |e| {
                provider(e).response_type = Some("code id_token".to_owned());
                provider(e).response_mode = Some("form_post".to_owned());
            })),
    ]
}

fn way_back() -> Vec<RowCase> {
    let posted = |method: &str, status| {
        with(&came(&["code", "state"], false), |e| {
            e.callback.as_mut().unwrap().method = Some(method.to_owned());
            e.response = Some(Head {
                status: Some(status),
                ..Head::default()
            });
        })
    };
    let sent = |method: &str, location: &str| {
        evidence(|e| {
            e.request = Some(Head {
                method: Some(method.to_owned()),
                ..Head::default()
            });
            e.response = Some(Head {
                status: Some(302),
                headers: vec![Header::new("Location", location)],
                ..Head::default()
            });
        })
    };
    let authorize = "https://login.microsoftonline.com/common/oauth2/v2.0/authorize";
    vec![
        case("VST-REDIRECT-POST")
            .shows(posted("POST", 405))
            .shows(posted("post", 404))
            .silent(posted("GET", 404))
            .silent(posted("POST", 302)),
        case("VST-REDIRECT-BARE")
            .shows(came(&[], false))
            .shows(came(&["utm_source"], false))
            .silent(came(&["code", "state"], false))
            .silent(came(&["error", "state"], false)),
        case("VST-REDIRECT-BODY-LOST")
            .shows(sent("POST", authorize))
            .shows(sent("put", "/.vestibule/sign-in"))
            .silent(sent("GET", authorize))
            .silent(sent("POST", "/orders/7")),
        case("VST-REDIRECT-SECTION-LOST")
            .shows(Evidence::of_text(
                "the hash is lost after login via the proxy",
            ))
            .silent(Evidence::of_text(
                "the hash of the password is wrong, login failed",
            ))
            .silent(Evidence::of_text("my session is lost after login")),
    ]
}
