//! Contrast as WCAG 2 counts it: text against what lies behind it, in both themes.

use crate::chromium::Page;
use crate::{open, pages};
use libtest_mimic::Failed;

/// Every text node of the page against the nearest background, and the pairs of colours
/// that the lanes use; gives those below 4.5.
const LOW: &str = include_str!("contrast.js");

/// Looks at a refusal and a finding, light and dark.
pub fn check(page: &mut Page) -> Result<(), Failed> {
    for report in [pages::illegal(), pages::finding()] {
        let _folder = open(page, &report);
        for scheme in ["light", "dark"] {
            page.prefer(scheme);
            page.settle();
            let dark = page.eval("getComputedStyle(document.body).backgroundColor");
            if (scheme == "dark") != (dark.as_str() == Some("rgb(20, 22, 26)")) {
                return Err(format!("{scheme}: the page's ground is {dark}").into());
            }
            let low = page.eval(LOW);
            if low.as_array().is_none_or(|l| !l.is_empty()) {
                return Err(format!("{scheme}: {low}").into());
            }
        }
    }
    Ok(())
}
