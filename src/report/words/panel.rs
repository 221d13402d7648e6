//! Texts of the charts and sections of a run: titles, axes, legends, captions.

words! {
    EQUITY_TITLE: "Equity, drawdown and exposure", "权益、回撤与敞口";
}
