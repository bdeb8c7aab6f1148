use super::*;
use crate::settings::IdpSettings;

const API: &str = "api://9a41c7d2-5b0e-4e86-b3f9-17d6e2c8a001";
const OTHER: &str = "api://9a41c7d2-5b0e-4e86-b3f9-17d6e2c8a002";

fn read(scope: &str) -> Result<Asked, u32> {
    let directory = Directory::new(&IdpSettings::built_in()).unwrap();
    Asked::from_scope(scope, &directory).map_err(|refusal| refusal.number())
}

#[test]
fn oidc_scopes_alone_mean_graph() {
    let asked = read("openid profile offline_access").unwrap();
    assert!(asked.openid && asked.profile && asked.offline_access && !asked.email);
    assert!(matches!(asked.first().resource, Resource::Graph));
}

#[test]
fn an_api_is_named_by_default_by_scope_by_uri_alone_and_by_guid() {
    let guid = API.trim_start_matches("api://");
    for (scope, permissions) in [
        (
            format!("{API}/.default"),
            Permissions::Granted {
                spelled_default: true,
            },
        ),
        (
            format!("openid {API}"),
            Permissions::Granted {
                spelled_default: false,
            },
        ),
        (
            format!("{guid}/.default"),
            Permissions::Granted {
                spelled_default: true,
            },
        ),
        (
            format!("{API}/read openid {API}/access_as_user"),
            Permissions::Named(vec!["read".into(), "access_as_user".into()]),
        ),
    ] {
        let wanted = read(&scope).unwrap().first();
        assert_eq!(wanted.resource.id(), guid, "{scope}");
        assert_eq!(wanted.permissions, permissions, "{scope}");
    }
}

#[test]
fn an_app_id_uri_that_ends_in_a_slash_needs_the_second_slash() {
    let wanted = read("https://api.contoso.localhost/orders//.default")
        .unwrap()
        .first();
    assert_eq!(wanted.spelling, "https://api.contoso.localhost/orders/");
    assert_eq!(
        read("https://api.contoso.localhost/orders/.default").unwrap_err(),
        500_011
    );
}

#[test]
fn scopes_that_entra_refuses_are_refused() {
    for (scope, number) in [
        ("openid groups".to_owned(), 650_053),
        ("openid address".to_owned(), 650_053),
        ("openid,profile".to_owned(), 650_053),
        (format!("{API}/nothing"), 650_053),
        ("api://nobody/.default".to_owned(), 500_011),
        (format!("{API}/{API}/.default"), 500_011),
        (format!("{API}/.default {API}/read"), 70_011),
        (format!("{API}/.default User.Read"), 70_011),
    ] {
        assert_eq!(read(&scope).unwrap_err(), number, "{scope}");
    }
}

#[test]
fn several_resources_are_kept_in_order() {
    let asked = read(&format!("openid {OTHER}/orders.read {API}/read User.Read")).unwrap();
    let ids: Vec<&str> = asked
        .resources
        .iter()
        .map(|wanted| wanted.resource.id())
        .collect();
    assert_eq!(ids, [&OTHER[6..], &API[6..], GRAPH_ID]);
}

#[test]
fn v1_takes_the_resource_with_or_without_its_slash() {
    let directory = Directory::new(&IdpSettings::built_in()).unwrap();
    for resource in [
        API,
        "9a41c7d2-5b0e-4e86-b3f9-17d6e2c8a001",
        "https://graph.microsoft.com/",
    ] {
        let asked = Asked::from_resource(Some(resource), &directory).unwrap();
        assert_eq!(asked.first().spelling, resource);
    }
    let slash = format!("{API}/");
    assert_eq!(
        Asked::from_resource(Some(&slash), &directory)
            .unwrap()
            .first()
            .spelling,
        slash
    );
    assert!(matches!(
        Asked::from_resource(None, &directory)
            .unwrap()
            .first()
            .resource,
        Resource::V1Userinfo
    ));
    assert!(Asked::from_resource(Some("api://nobody"), &directory).is_err());
}
