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
