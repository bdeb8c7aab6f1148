//! What each upstream is told about the person, and how it is written.

use vestibule_config::{
    HeaderEncoding, HeaderPreset, HeaderSettings, HeaderSource, IdTokenForm, UserinfoForm,
};
use vestibule_gate::claims::ClaimPath;
use vestibule_gate::headers::value::{Encoding, Lists};
use vestibule_gate::headers::{
    HeaderName, HeaderPlan, ModAuthOpenidc, OwnHeader, Preset, Selection, Source, Version, Writing,
};

use super::AssembleError;

pub(super) fn plan(set: &HeaderSettings, bearer: bool) -> Result<HeaderPlan, AssembleError> {
    let is_module = set.preset == Some(HeaderPreset::ModAuthOpenidc);
    let version = set
        .version
        .map(|version| Version(version.parts()))
        .or(is_module.then_some(Version::NEWEST));
    let preset = set.preset.map(|preset| match preset {
        HeaderPreset::ModAuthOpenidc => {
            Preset::ModAuthOpenidc(module(set, version.unwrap_or(Version::NEWEST)))
        }
        HeaderPreset::Oauth2Proxy => Preset::Oauth2Proxy(Default::default()),
    });
    let own: Result<Vec<_>, AssembleError> = set
        .own
        .iter()
        .map(|header| {
            let source = match &header.source {
                HeaderSource::Claim(claim) => Source::Claims(vec![ClaimPath::new(claim)]),
                HeaderSource::User => Source::User,
                HeaderSource::AccessToken => Source::AccessToken,
                HeaderSource::IdToken => Source::IdToken,
                HeaderSource::Userinfo => Source::Userinfo,
                HeaderSource::UserinfoJwt => Source::UserinfoToken,
                HeaderSource::Constant(text) => Source::Constant(text.clone()),
                HeaderSource::Nothing => Source::Nothing,
            };
            Ok(OwnHeader {
                name: HeaderName::parse(&header.name)?,
                source,
            })
        })
        .collect();
    Ok(HeaderPlan {
        presets: preset.into_iter().collect(),
        own: own?,
        bearer,
        writing: writing(set, version),
        precedence: version.map(Version::precedence).unwrap_or_default(),
        selection: Selection {
            only: set.only_claims.clone(),
            without: set.without_claims.clone(),
        },
    })
}

fn module(set: &HeaderSettings, version: Version) -> ModAuthOpenidc {
    let mut module = version.preset();
    if let Some(prefix) = &set.prefix {
        module.prefix.clone_from(prefix);
    }
    if let Some(forms) = &set.id_token {
        module.id_token_claims = forms.contains(&IdTokenForm::Claims);
        module.id_token_payload = forms.contains(&IdTokenForm::Payload);
        module.id_token_serialized = forms.contains(&IdTokenForm::Serialized);
    }
    if let Some(forms) = &set.userinfo {
        module.userinfo_claims = forms.contains(&UserinfoForm::Claims);
        module.userinfo_json = forms.contains(&UserinfoForm::Json);
        module.userinfo_jwt = forms.contains(&UserinfoForm::Jwt);
    }
    module.danger_refresh_token = set.danger_refresh_token;
    module
}

fn writing(set: &HeaderSettings, version: Option<Version>) -> Writing {
    let mut writing = version.map(Version::writing).unwrap_or_default();
    if let Some(encoding) = set.encoding {
        writing.encoding = match encoding {
            HeaderEncoding::Utf8 => Encoding::Utf8,
            HeaderEncoding::Latin1 => Encoding::Latin1,
            HeaderEncoding::Base64Url => Encoding::Base64Url,
        };
    }
    if let Some(delimiter) = &set.delimiter {
        writing.delimiter.clone_from(delimiter);
    }
    if set.danger_plain_lists {
        writing.lists = Lists::DangerPlain;
    }
    writing
}
