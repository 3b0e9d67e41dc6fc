//! The pictures that follow from a page are those of the page as it is.

use headcount_sim::picture;

use crate::sources::read;

#[test]
fn the_pictures_of_the_architecture_page_are_current() {
    let page = read("core/src/architecture.md");
    for (name, drawn) in [
        ("layers", picture::layers(&page)),
        ("way", picture::way(&page)),
    ] {
        let lies_there = read(&format!("core/src/{name}.svg"));
        let draw = format!("cargo run -p headcount-sim --bin picture -- {name}");
        assert!(
            drawn == lies_there,
            "draw it anew: {draw} > core/src/{name}.svg"
        );
    }
}

/// The terminal is what most readers have, and the picture is no wider than the page.
#[test]
fn the_picture_of_rollcall_fits_into_80_columns() {
    let svg = read("adapters/tokio/examples/rollcall/rollcall.svg");
    let texts = svg.lines().filter(|line| line.starts_with("<text"));
    let texts = texts.filter_map(|line| line.split(['<', '>']).nth(2));
    let texts: Vec<&str> = texts.collect();
    assert!(texts.iter().any(|text| text.contains("guild")), "{svg}");
    let widest = texts.iter().map(|text| text.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?}");
}
