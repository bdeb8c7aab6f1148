//! Which figures are shown, and how: medians over the rounds, ratios formed within each round.

use super::median::{median, spread};
use super::table::Table;
use crate::cases::BASELINE;
use crate::run::{CaseResults, LOADS, RATES, Results, Round};

const MISSING: &str = "–";

/// All tables and the reasons for what is missing in them.
pub(super) fn all(results: &Results) -> String {
    let mut text = format!(
        "CPU time of all processes of the proxy per request, µs:\n\n{}\n\
         Latency from the moment a request was due, µs; memory, MiB; start to first answer, ms:\n\n{}",
        cpu(results),
        rest(results)
    );
    text.push_str(&noise(results));
    let missing = results.cases.iter().filter_map(|case| {
        let problem = case.problem.as_ref()?;
        Some(format!("- {}: {problem}\n", case.title))
    });
    let missing: String = missing.collect();
    if !missing.is_empty() {
        text.push_str("\nNot measured:\n\n");
        text.push_str(&missing);
    }
    text
}

fn cpu(results: &Results) -> String {
    let mut table = Table::new(&[
        "case",
        LOADS[0].title,
        "user part",
        "× nginx",
        "lowest–highest",
        "× nginx set up alike",
        "requests/s",
        LOADS[1].title,
        "× nginx",
        LOADS[2].title,
        "× nginx",
    ]);
    for case in measured(results) {
        let closed = |load: usize| move |round: &Round| round.closed.get(load).map(|c| c.cpu_us);
        let ratio = |other: &str, load: usize| ratios(results, case, other, closed(load));
        let alone = case.name == "direct";
        let or_missing = |text: String| if alone { MISSING.to_owned() } else { text };
        table.row(vec![
            case.title.to_owned(),
            show(over(case, closed(0)), 1),
            show(over(case, |round| Some(round.closed.first()?.user_us)), 1),
            or_missing(show(median(ratio(BASELINE, 0)), 2)),
            or_missing(show_spread(spread(ratio(BASELINE, 0)))),
            or_missing(show(median(ratio(case.alike, 0)), 2)),
            show(
                over(case, |round| Some(round.closed.first()?.per_second)),
                0,
            ),
            show(over(case, closed(1)), 1),
            or_missing(show(median(ratio(BASELINE, 1)), 2)),
            show(over(case, closed(2)), 1),
            or_missing(show(median(ratio(BASELINE, 2)), 2)),
        ]);
    }
    table.markdown()
}

fn rest(results: &Results) -> String {
    let [low, high] = RATES.map(|rate| format!("{rate:.0}/s"));
    let heads = [
        "case".to_owned(),
        format!("p50 at {low}"),
        format!("p99 at {low}"),
        format!("p50 at {high}"),
        format!("p99 at {high}"),
        "p99 × nginx".to_owned(),
        "PSS idle".to_owned(),
        "PSS loaded".to_owned(),
        "RSS idle".to_owned(),
        "RSS loaded".to_owned(),
        "start".to_owned(),
    ];
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut table = Table::new(&heads);
    for case in measured(results) {
        let p50 = |rate: usize| move |round: &Round| Some(round.open.get(rate)?.as_ref()?.p50_us);
        let p99 = |rate: usize| move |round: &Round| Some(round.open.get(rate)?.as_ref()?.p99_us);
        let alone = case.name == "direct";
        let mut cells = vec![
            case.title.to_owned(),
            show(over(case, p50(0)), 0),
            show(over(case, p99(0)), 0),
            show(over(case, p50(1)), 0),
            show(over(case, p99(1)), 0),
        ];
        if alone {
            cells.extend(std::iter::repeat_n(MISSING.to_owned(), 6));
        } else {
            cells.push(show(median(ratios(results, case, BASELINE, p99(1))), 2));
            #[expect(clippy::cast_precision_loss, reason = "memory of one machine fits")]
            let mib = |kib: u64| Some(kib as f64 / 1024.0);
            cells.push(show(over(case, |round| mib(round.idle.pss_kib)), 1));
            cells.push(show(over(case, |round| mib(round.loaded.pss_kib)), 1));
            cells.push(show(over(case, |round| mib(round.idle.rss_kib)), 1));
            cells.push(show(over(case, |round| mib(round.loaded.rss_kib)), 1));
            cells.push(show(over(case, |round| Some(round.start_ms)), 0));
        }
        table.row(cells);
    }
    table.markdown()
}

/// How far the figures can be trusted.
fn noise(results: &Results) -> String {
    let rounds = || {
        results
            .cases
            .iter()
            .flat_map(|case| case.rounds.iter().flatten())
    };
    let percent = |share: f64| share * 100.0;
    let stolen = || rounds().map(|round| percent(round.noise.stolen));
    let others = || rounds().map(|round| percent(round.noise.others));
    let worst = |shares: Option<(f64, f64)>| shares.map(|(_, worst)| worst);
    format!(
        "\nNoise, as shares of the machine's time: stolen by the host {} % (worst round {} %), used by \
         other processes {} % (worst {} %).\n",
        show(median(stolen()), 1),
        show(worst(spread(stolen())), 1),
        show(median(others()), 1),
        show(worst(spread(others())), 1),
    )
}

fn measured(results: &Results) -> impl Iterator<Item = &CaseResults> {
    let cases = results.cases.iter();
    cases.filter(|case| case.rounds.iter().any(Option::is_some))
}

/// The median of a figure over the rounds.
fn over(case: &CaseResults, figure: impl Fn(&Round) -> Option<f64>) -> Option<f64> {
    median(case.rounds.iter().flatten().filter_map(figure))
}

/// A figure of `case` by that of `other`, for each round that has both.
fn ratios(
    results: &Results,
    case: &CaseResults,
    other: &str,
    figure: impl Fn(&Round) -> Option<f64>,
) -> Vec<f64> {
    let Some(other) = results.cases.iter().find(|case| case.name == other) else {
        return Vec::new();
    };
    let rounds = case.rounds.iter().zip(&other.rounds);
    let ratio = |(one, other): (&Option<Round>, &Option<Round>)| {
        let (one, other) = (figure(one.as_ref()?)?, figure(other.as_ref()?)?);
        (other > 0.0).then_some(one / other)
    };
    rounds.filter_map(ratio).collect()
}

fn show(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| MISSING.to_owned(), |value| format!("{value:.digits$}"))
}

fn show_spread(spread: Option<(f64, f64)>) -> String {
    spread.map_or_else(
        || MISSING.to_owned(),
        |(low, high)| format!("{low:.2}–{high:.2}"),
    )
}
