//! A simulation's figures as a picture: a panel a figure, a bar a strategy. SVG 1.1 (<https://www.w3.org/TR/SVG11/>).

use std::fmt::Write;

use super::report::Report;

const BAR: usize = 18;
const PANEL_WIDTH: usize = 300;
const NAMES_WIDTH: usize = 190;
const HEAD: usize = 64;

/// One panel: what it shows, in which words, and of each report its figure.
struct Panel {
    title: &'static str,
    /// Where less is better, the least is marked.
    is_less_better: bool,
    figure: fn(&Report) -> f64,
    words: fn(f64) -> String,
}

const PANELS: [Panel; 6] = [
    Panel {
        title: "not answered, %",
        is_less_better: true,
        figure: |report| (1.0 - report.success) * 100.0,
        words: |figure| format!("{figure:.3}"),
    },
    Panel {
        title: "cost, USD per 1,000",
        is_less_better: true,
        figure: |report| report.cost,
        words: |figure| format!("{figure:.2}"),
    },
    Panel {
        title: "first token p50, s",
        is_less_better: true,
        figure: |report| report.first_token.p50,
        words: |figure| format!("{figure:.2}"),
    },
    Panel {
        title: "first token p99, s",
        is_less_better: true,
        figure: |report| report.first_token.p99,
        words: |figure| format!("{figure:.2}"),
    },
    Panel {
        title: "whole answer p99, s",
        is_less_better: true,
        figure: |report| report.whole.p99,
        words: |figure| format!("{figure:.1}"),
    },
    Panel {
        title: "fairness (Jain)",
        is_less_better: false,
        figure: |report| report.fairness,
        words: |figure| format!("{figure:.2}"),
    },
];

/// The picture, under a title.
#[must_use]
pub fn svg(title: &str, reports: &[Report]) -> String {
    let (columns, row_height) = (3, reports.len() * BAR + 44);
    let width = NAMES_WIDTH + columns * PANEL_WIDTH;
    let height = HEAD + row_height * PANELS.len().div_ceil(columns);
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">"#
    );
    let _ = writeln!(svg, r##"<rect width="100%" height="100%" fill="#ffffff"/>"##);
    text(&mut svg, 12, 26, 16, "start", title);
    for (index, panel) in PANELS.iter().enumerate() {
        let (row, column) = (index / columns, index % columns);
        let top = HEAD + row * row_height;
        if column == 0 {
            for (line, report) in reports.iter().enumerate() {
                text(
                    &mut svg,
                    NAMES_WIDTH - 8,
                    top + line * BAR + 13,
                    12,
                    "end",
                    &report.strategy,
                );
            }
        }
        draw(&mut svg, panel, reports, NAMES_WIDTH + column * PANEL_WIDTH, top);
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, panel: &Panel, reports: &[Report], left: usize, top: usize) {
    const LENGTH_MAX: f64 = (PANEL_WIDTH - 80) as f64;
    text(svg, left, top - 10, 12, "start", panel.title);
    let figures: Vec<f64> = reports.iter().map(panel.figure).collect();
    let most = figures.iter().copied().fold(0.0, f64::max);
    let best = match panel.is_less_better {
        true => figures.iter().copied().fold(f64::INFINITY, f64::min),
        false => most,
    };
    for (line, figure) in figures.into_iter().enumerate() {
        let length = if most > 0.0 && figure.is_finite() {
            figure / most * LENGTH_MAX
        } else {
            0.0
        };
        let color = if figure.total_cmp(&best).is_eq() {
            "#1a7f5a"
        } else {
            "#8fa3b8"
        };
        let y = top + line * BAR;
        let _ = writeln!(
            svg,
            r#"<rect x="{left}" y="{y}" width="{length:.1}" height="{}" fill="{color}"/>"#,
            BAR - 4
        );
        let beside = left as f64 + length + 5.0;
        let _ = writeln!(
            svg,
            r#"<text x="{beside:.1}" y="{}">{}</text>"#,
            y + 12,
            (panel.words)(figure)
        );
    }
}

fn text(svg: &mut String, x: usize, y: usize, size: usize, anchor: &str, text: &str) {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        svg,
        r#"<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}">{escaped}</text>"#
    );
}
