//! Charts, drawn once by plotters, painted by egui.
