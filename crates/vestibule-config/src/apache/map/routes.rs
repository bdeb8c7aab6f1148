//! `[[route]]`: every path at which something changes, with what holds there.

use std::collections::{BTreeMap, BTreeSet};

use super::parameters::OfPaths;
use super::user::Named;
use super::{Choices, Draft, actions, answers, headers, passed, path_scope, told, upstream};
use crate::apache::SourceVersion;
use crate::apache::expand::{Item, Line, Section};
use crate::apache::location::{self, InForce, Location, Plain, covers, in_force};
use crate::apache::mount::{self, Mount, mounts, serving};
use crate::apache::report::{Ledger, Stop};
use crate::apache::rule::{self, Access};
use crate::apache::site::Site;
use crate::apache::syntax::Place;
use crate::apache::write::{Table, one_or_more, text};

pub(in crate::apache) fn map(
    site: &Site<'_>,
    choices: &Choices,
    draft: &mut Draft,
    ledger: &mut Ledger,
    whole: &Place,
) {
    let locations = location::locations(site, ledger);
    let unmade = ledger.count_of_unmade();
    let mounts = mounts(site, &locations, ledger);
    let all_read = ledger.count_of_unmade() == unmade;
    location::proxies(
        site,
        mounts
            .iter()
            .filter(|mount| mount.upstream.is_some())
            .map(|mount| mount.said.as_str()),
        ledger,
    );
    let user = Named::read(site, ledger);
    let mut paths: Vec<(&str, &Place)> = Vec::new();
    for mount in &mounts {
        paths.push((&mount.path, &mount.line.at));
    }
    for location in &locations {
        paths.push((&location.path, &location.section.at));
    }
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let sections: BTreeSet<&str> = locations.iter().map(|location| &*location.path).collect();
    let mut left_out: Vec<(&str, &Place)> = Vec::new();
    let mut asked = OfPaths::default();
    for (path, at) in paths {
        if !done.insert(path) {
            continue;
        }
        let Some(mount) = serving(&mounts, path) else {
            continue;
        };
        // One that is never asked, because another covers it, changes nothing.
        if mount.path != path && !sections.contains(path) {
            continue;
        }
        let spot = Spot {
            site,
            locations: &locations,
            mounts: &mounts,
            path,
            at,
            user: &user,
            version: choices.version,
        };
        match spot.route(mount, &mut asked, draft, ledger) {
            Some(Spoken::Route(route)) => draft.routes.push(route),
            Some(Spoken::Nobody) => left_out.push((path, at)),
            None => ledger.unmade(),
        }
    }
    path_scope::beside_others(site, &draft.routes, ledger);
    asked.settle(draft, ledger);
    except(&left_out, draft);
    let redirect_path = draft.as_written.redirect_path.as_deref();
    told::sections(
        &locations,
        &mounts,
        &left_out,
        redirect_path,
        all_read,
        ledger,
    );
    told::redirects(site, &mounts, ledger);
    told::reverses(site, &locations, &mounts, all_read, draft, ledger);
    let is_told = ledger.stops() || ledger.count_of_unmade() > 0;
    if draft.routes.is_empty() && !(is_told && mount::proxies(site)) {
        ledger.stop_at(
            whole,
            "ProxyPass",
            "nothing is proxied, and Vestibule serves no files of its own",
            "write ProxyPass with the address of the app",
        );
    }
}

/// What a path became.
enum Spoken {
    Route(Table),
    /// Nobody gets there.
    Nobody,
}

/// Writes each path into the route it is left out of; without one it is a 404 anyway.
fn except(left_out: &[(&str, &Place)], draft: &mut Draft) {
    let routes = draft.as_written.routes.iter().enumerate();
    let mut of_routes: BTreeMap<usize, Vec<(&str, &Place)>> = BTreeMap::new();
    for (path, at) in left_out {
        let around = routes.clone().filter(|(_, route)| covers(route, path));
        if let Some((number, _)) = around.max_by_key(|(_, route)| route.len()) {
            of_routes.entry(number).or_default().push((path, at));
        }
    }
    for (number, paths) in of_routes {
        let values: Vec<&str> = paths.iter().map(|(path, _)| *path).collect();
        let at = paths.first().map(|(_, at)| *at);
        if let Some(route) = draft.routes.get_mut(number) {
            route.put("except", one_or_more(&values), at);
        }
    }
}

/// A path at which something changes.
struct Spot<'s, 't> {
    site: &'s Site<'t>,
    locations: &'s [Location<'t>],
    mounts: &'s [Mount<'t>],
    path: &'s str,
    at: &'s Place,
    user: &'s Named<'t>,
    version: SourceVersion,
}

impl<'t> Spot<'_, 't> {
    fn route(
        &self,
        mount: &Mount<'_>,
        asked: &mut OfPaths<'t>,
        draft: &mut Draft,
        ledger: &mut Ledger,
    ) -> Option<Spoken> {
        if mount.upstream.is_none() {
            ledger.differs(
                mount.line,
                format!("{} is left out: Vestibule answers 404 there, and serves no files as Apache may", mount.path),
                "",
            );
            return Some(Spoken::Nobody);
        }
        let here = in_force(self.site, self.locations, self.path, &mount.said);
        if let Some(line) = own_page(&here).filter(|_| mount.path != self.path) {
            ledger.differs(
                line,
                format!(
                    "{} is left out: the page is Apache's own, and Vestibule answers 404",
                    self.path
                ),
                "",
            );
            return Some(Spoken::Nobody);
        }
        let access = self.access(mount, &here, ledger)?;
        if let Some((section, stop)) = self.widened(mount, &access, &here) {
            let name = format!("<{} {}>", section.name, section.words.join(" "));
            ledger.stop_at(&stop.at, &name, stop.message, stop.help);
            return None;
        }
        if let Some(Location { section, .. }) = self.loosened() {
            let stop = location::pattern_stop(section);
            let name = format!("<{} {}>", section.name, section.words.join(" "));
            ledger.stop_at(&stop.at, &name, stop.message, stop.help);
            return None;
        }
        let mut route = Table::new("[[route]]", Some(self.at.clone()));
        route.put("path", text(self.path), Some(self.at));
        let (upstream, keeps) = mount.address_of(self.path)?;
        if upstream.starts_with("unix:") && self.path != mount.path {
            ledger.stop_at(
                self.at,
                self.path,
                "the app behind a socket would get these paths without their beginning",
                "write a ProxyPass of this path too, or let the app listen on a port",
            );
            return None;
        }
        route.put("upstream", text(&upstream), Some(&mount.line.at));
        if keeps {
            route.put("keep_prefix", "true", Some(&mount.line.at));
        }
        let passes = self.passes(&access, &here, ledger)?;
        match &access {
            Access::SignedIn if passes => route.put("require", "\"anyone\"", Some(self.at)),
            Access::Public => route.put("require", "\"public\"", Some(self.at)),
            Access::SignedIn => route.put("require", "\"signed-in\"", Some(self.at)),
            Access::Rule(rule) => route.put("require", rule.to_toml(), Some(self.at)),
            Access::Nobody => return Some(Spoken::Nobody),
        }
        upstream::map(self.site, mount, &here, &mut route, ledger);
        answers::map(&here, &mut route, ledger);
        if mount.path == self.path {
            let kept = if keeps { ", which keeps the path" } else { "" };
            ledger.became(
                mount.line,
                format!("the route {}, to {upstream}{kept}", self.path),
            );
        }
        if access == Access::Public {
            authorization(&here, ledger);
            constants(&here, ledger);
        } else {
            if passes {
                constants(&here, ledger);
            } else {
                asked.meet(&here);
            }
            headers::map(
                self.site,
                &here,
                self.user,
                self.version,
                &mut route,
                ledger,
            );
            actions::map(&access, passes, &here, &mut route, ledger);
        }
        draft.as_written.routes.push(self.path.to_owned());
        Some(Spoken::Route(route))
    }

    /// A route is for its path and what is below it. Where the sections for this path all end in a slash, and so leave the
    /// path itself to those around them, it would be let in by a rule that is not its own.
    fn widened(
        &self,
        mount: &Mount<'_>,
        access: &Access,
        here: &InForce<'_>,
    ) -> Option<(&'t Section, Stop)> {
        let is_below_only =
            |location: &&Location<'_>| location.path == self.path && location.below_only;
        let slashed = self.locations.iter().rfind(is_below_only)?;
        let others = self.locations.iter().filter(|one| !is_below_only(one));
        let others: Vec<Location<'_>> = others.cloned().collect();
        let around = in_force(self.site, &others, self.path, &mount.said);
        // Where no rule is around, Apache asks nobody there, or has nothing there.
        let passes = pass(here).is_some();
        let opens = *access == Access::Public || passes;
        if around.requires.is_none() && (!opens || mount.path == self.path) {
            return None;
        }
        // The app's front page is the same page with the slash, which these sections are for.
        if mount.path == self.path && mount.is_of_front_page() {
            return None;
        }
        let mut unheard = Ledger::default();
        let there = self.access(mount, &around, &mut unheard);
        let same = there.as_ref() == Some(access) && pass(&around).is_some() == passes;
        (!same && *access != Access::Nobody).then(|| (slashed.section, Stop::new(
            slashed.section.at.clone(),
            format!(
                "{} itself would be let in like what is below it; Apache leaves it out because of the slash at the end",
                self.path,
            ),
            format!("write <Location {}> without a slash at the end if it is meant too, or give both the same rules", self.path),
        )))
    }

    /// A section that asks for sign-in at every path that begins with these characters is taken for whole names. The other
    /// paths go by the rules around it, which have to ask for as much.
    fn loosened(&self) -> Option<&Location<'t>> {
        let asks =
            |one: &&Location<'_>| one.path == self.path && one.shortened == Some(Plain::Asks);
        let section = self.locations.iter().rfind(asks)?;
        let mut paths = self
            .locations
            .iter()
            .map(|one| &one.path)
            .chain(self.mounts.iter().map(|mount| &mount.path));
        let has_own = paths.any(|path| path.starts_with(self.path) && !covers(self.path, path));
        let other = Spot {
            path: &format!("{}-x", self.path),
            ..*self
        };
        let is_closed = serving(self.mounts, other.path).is_none_or(|mount| {
            let around = in_force(self.site, self.locations, other.path, &mount.said);
            let there = other.access(mount, &around, &mut Ledger::default());
            pass(&around).is_none()
                && matches!(
                    there,
                    Some(Access::SignedIn | Access::Rule(_) | Access::Nobody)
                )
        });
        (has_own || !is_closed).then_some(section)
    }

    fn access(&self, mount: &Mount<'_>, here: &InForce<'_>, ledger: &mut Ledger) -> Option<Access> {
        let kind = here.last("AuthType");
        let signs_in = match kind
            .map(|line| line.word(0).to_ascii_lowercase())
            .as_deref()
        {
            None | Some("none") => false,
            Some("openid-connect") => true,
            Some(other) => {
                if let Some(line) = kind {
                    ledger.stop(
                        line,
                        match other {
                            "oauth20" | "auth-openidc" => {
                                "callers with a bearer token are not let in yet".to_owned()
                            }
                            other => format!("AuthType {other} is no sign-in at a provider"),
                        },
                        "write AuthType openid-connect",
                    );
                }
                return None;
            }
        };
        // It is told where what is left is told.
        if here.has_unread {
            return None;
        }
        let Some(requires) = &here.requires else {
            if let Some(line) = kind.filter(|_| signs_in) {
                ledger.stop(
                    line,
                    format!(
                        "no Require says who may pass at {}, and Apache answers 500 there",
                        self.path
                    ),
                    "write Require valid-user beside it, if everybody may who is signed in",
                );
                return None;
            }
            if pass(here).is_some() {
                return Some(Access::SignedIn);
            }
            if let Some(line) = kind {
                let without = format!(
                    "nothing: {} needs sign-in as long as no Require opens it",
                    self.path
                );
                ledger.differs(line, without, "");
            }
            return Some(self.without_require(mount, ledger));
        };
        match kind {
            Some(line) if signs_in => ledger.differs(
                line,
                "sign-in at the provider; a request with an Authorization of its own gets 401, where Apache passes it on",
                "",
            ),
            Some(line) => ledger.became(line, "no sign-in"),
            None => {}
        }
        self.claims_there_are(requires, ledger);
        let condition = rule::condition(requires, self.user.plain(), ledger)?;
        let first = requires.iter().find_map(|item| first_line(item));
        let Some(access) = rule::access(condition) else {
            if let Some(line) = first {
                ledger.stop(
                    line,
                    "this lets people in without sign-in by their address or method, and a rule is asked of people who are signed in",
                    "write <RequireAll> with Require valid-user beside it, or Require all granted",
                );
            }
            return None;
        };
        if !signs_in && matches!(access, Access::SignedIn | Access::Rule(_)) {
            if let Some(line) = kind.or(first) {
                let path = self.path;
                ledger.stop(
                    line,
                    format!("at {path} a Require asks for sign-in, and no AuthType says by what: Apache answers 500 there"),
                    format!("write AuthType openid-connect for {path}, or Require all granted if it is for everybody"),
                );
            }
            return None;
        }
        self.tell(requires, &access, pass(here).is_some(), ledger);
        Some(access)
    }

    /// A rule on a claim that Apache leaves out lets nobody in there, and whoever has the claim here.
    fn claims_there_are(&self, requires: &[&Item], ledger: &mut Ledger) {
        let mut lines = Vec::new();
        for item in requires {
            every_line(item, &mut lines);
        }
        for line in lines {
            let is_claim = line
                .words
                .iter()
                .any(|word| word.eq_ignore_ascii_case("claim"));
            let lost = line
                .words
                .iter()
                .skip(1)
                .find(|spec| spec.contains([':', '~']) && !passed::keeps(self.site, spec));
            if let Some(spec) = lost.filter(|_| is_claim) {
                ledger.stop(
                    line,
                    format!("nobody has what {spec} asks for in Apache, as the claim is not among those that are kept, and here people may have it"),
                    "take the rule out, or name the claim in OIDCWhiteListedClaims and not in OIDCBlackListedClaims",
                );
            }
        }
    }

    /// Whether `OIDCUnAuthAction pass` lets everybody through; `None` where that can't be told.
    fn passes(&self, access: &Access, here: &InForce<'_>, ledger: &mut Ledger) -> Option<bool> {
        let Some(line) = pass(here) else {
            return Some(false);
        };
        if line.words.len() > 1 {
            ledger.stop(
                line,
                "whether people pass without sign-in is not decided by an expression here",
                "write pass for paths of their own, and auth for the others",
            );
            return None;
        }
        match access {
            Access::SignedIn => {
                ledger.became(
                    line,
                    "require = \"anyone\": everybody passes, and the app is told of those who are signed in",
                );
                Some(true)
            }
            Access::Rule(_) => {
                ledger.stop(
                    line,
                    "with `pass` Apache lets everybody who is not signed in through rules on claims too: they keep out only people who are known",
                    "write OIDCUnAuthAction auth if the rule is meant, or Require valid-user if it is not",
                );
                None
            }
            Access::Public | Access::Nobody => Some(false),
        }
    }

    /// Apache asks nobody anything where there is no `Require`. That can be meant, and it can be a slip: only a word for
    /// it opens a route.
    fn without_require(&self, mount: &Mount<'_>, ledger: &mut Ledger) -> Access {
        let inner = self.locations.iter().find(|location| {
            location.path != self.path
                && covers(self.path, &location.path)
                && serving(self.mounts, &location.path).is_some()
        });
        let around = match inner {
            Some(location) => format!(
                ", and whatever is spelled a little differently from {} reaches the same app without",
                location.path
            ),
            None => String::new(),
        };
        ledger.differs(
            mount.line,
            format!(
                "{} needs sign-in; Apache asks nobody there, as no Require says so{around}",
                self.path
            ),
            &format!(
                "if it is meant for everybody write <Location {}> with Require all granted",
                self.path
            ),
        );
        Access::SignedIn
    }

    fn tell(&self, requires: &[&Item], access: &Access, passes: bool, ledger: &mut Ledger) {
        let mut lines = Vec::new();
        for item in requires {
            every_line(item, &mut lines);
        }
        let says = match access {
            Access::Public => "require = \"public\"".to_owned(),
            Access::Nobody => "nobody gets there: it is a 404, where Apache says 403".to_owned(),
            Access::SignedIn if passes => "require = \"anyone\"".to_owned(),
            Access::SignedIn => "require = \"signed-in\"".to_owned(),
            Access::Rule(rule) => format!("require = {}", rule.to_toml()),
        };
        let open = |line: &&Line| line.word(0).eq_ignore_ascii_case("valid-user");
        let everybody = lines.iter().copied().find(|line| open(line));
        for line in &lines {
            let bare = requires.len() > 1 && *access == Access::SignedIn && !open(line);
            match everybody.filter(|_| bare) {
                Some(everybody) => ledger.differs(
                    line,
                    format!("nothing: everybody who is signed in passes by line {}, as in Apache, where bare lines mean that one of them holds", everybody.at.line),
                    "write them into <RequireAll> if all must hold",
                ),
                None if *access == Access::Nobody => ledger.differs(line, says.clone(), ""),
                None => match lines.first().filter(|first| first.at != line.at) {
                    Some(first) if matches!(access, Access::Rule(_)) => {
                        let at = first.at.line;
                        ledger.became(line, format!("the same rule as line {at}, of the route {}", self.path));
                    }
                    _ => ledger.became(line, format!("{says} of the route {}", self.path)),
                },
            }
        }
    }
}

/// What has Apache answer a path with a page about itself, as Debian's stock `status.conf` does.
fn own_page<'t>(here: &InForce<'t>) -> Option<&'t Line> {
    let pages = [
        "server-status",
        "server-info",
        "balancer-manager",
        "ldap-status",
    ];
    let line = here.last("SetHandler")?;
    pages.contains(&line.word(0)).then_some(line)
}

/// `OIDCUnAuthAction pass`, where it is in force.
fn pass<'t>(here: &InForce<'t>) -> Option<&'t Line> {
    let line = here.last("OIDCUnAuthAction")?;
    line.word(0).eq_ignore_ascii_case("pass").then_some(line)
}

/// What a client says of itself there is not ours to replace on a public route.
fn authorization(here: &InForce<'_>, ledger: &mut Ledger) {
    for line in here.all("RequestHeader") {
        if line.word(1).eq_ignore_ascii_case("Authorization") {
            ledger.stop(
                line,
                "on a route that is open to everybody the app would get the Authorization of clients",
                "write it into the protected <Location> alone, and take the public one out of it",
            );
        }
    }
}

/// A text for everybody would reach the app only with people who are signed in.
fn constants(here: &InForce<'_>, ledger: &mut Ledger) {
    for line in here.all("RequestHeader") {
        if headers::constant(line).is_some() && !headers::is_rebuilt(line) {
            ledger.stop(
                line,
                "where people pass without sign-in the app would not get this",
                "let the app do without it, or write it into the protected <Location> alone",
            );
        }
    }
}

fn first_line<'t>(item: &&'t Item) -> Option<&'t Line> {
    match item {
        Item::Line(line) => Some(line),
        Item::Section(section) => section.children.iter().find_map(|item| first_line(&item)),
    }
}

fn every_line<'t>(item: &'t Item, lines: &mut Vec<&'t Line>) {
    match item {
        Item::Line(line) => lines.push(line),
        Item::Section(section) => {
            for item in &section.children {
                every_line(item, lines);
            }
        }
    }
}
