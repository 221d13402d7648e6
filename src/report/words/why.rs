//! Why a figure does not exist, in the reader's language.
//!
//! Not here: the reasons themselves (`stats::figure`).

use super::Word;
use crate::stats::figure::Why;
use crate::stats::sensitivity::BreakEven;

words! {
    WHY_FEW_RETURNS: "fewer than two daily returns", "日收益不足两个";
    WHY_SHORT_OF_WINDOW: "fewer daily returns than the window is long", "日收益数少于窗口长度";
    WHY_NO_VARIANCE: "all values are the same", "所有数值相同";
    WHY_NO_LOSING_DAY: "no losing day", "没有亏损日";
    WHY_NO_TAIL: "the 5 % quantile is zero", "5 % 分位数为零";
    WHY_NO_DRAWDOWN: "equity never fell below its peak", "权益从未低于前高";
    WHY_RUIN: "equity fell to zero or below", "权益跌至零或以下";
    WHY_NO_TIME: "the run has no length", "回测时长为零";
    WHY_OVERFLOW: "the run is too short to annualise", "时间太短，无法年化";
    WHY_NO_TRADES: "no trades", "没有交易";
    WHY_NO_WINS: "no winning trade", "没有盈利交易";
    WHY_NO_LOSSES: "no losing trade", "没有亏损交易";
    WHY_NO_RISK: "no trade has an initial risk", "没有交易带初始风险";
    WHY_FEW_RISKS: "fewer than two trades with an initial risk", "带初始风险的交易不足两笔";
    WHY_NO_GROSS_PROFIT: "no trade made a profit before costs", "没有交易在扣成本前盈利";
    WHY_NOT_RECORDED: "not recorded", "未记录";
    WHY_NO_TOTAL: "the total is zero", "总额为零";
    WHY_NO_BRACKET: "no two rows of the cost table bracket zero", "成本表中没有两行分列零的两侧";
    WHY_FEW_DAYS: "fewer days than the parts need", "天数少于分段所需";
    WHY_FEW_CONFIGURATIONS: "fewer than two configurations", "参数组合不足两个";
    WHY_BAD_BLOCKS: "the number of blocks is not even or not within 2 to 20", "分块数不是 2 到 20 的偶数";
    WHY_OTHER_LENGTH: "series of different lengths", "序列长度不一";
    WHY_NOT_ABOVE: "the sharpe is not above what it is compared with", "夏普比率不高于比较对象";
    WHY_NO_TRIALS: "no trial was counted", "没有计入任何试验";
    WHY_NOT_POSITIVE: "a number that must be above zero is not", "应大于零的数不大于零";
    WHY_NO_PROBABILITY: "a probability is not between 0 and 1", "概率不在 0 与 1 之间";
    WHY_NO_REPLICATES: "no replicate was drawn", "没有抽取重采样";
    WHY_BAD_GROUPS: "a group is empty or nothing is left outside of the groups", "某组为空，或组外没有剩余";
    WHY_NO_SPLIT: "the data is shorter than one training and one test period", "数据短于一个训练期加一个测试期";
    WHY_BAD_PRICES: "prices are missing or not prices", "价格缺失或无效";
    WHY_NO_VOLUME: "nothing was traded", "没有成交";
    WHY_NO_STATISTIC: "the observed statistic does not exist", "观测统计量不存在";
    WHY_NO_NEIGHBOURS: "no neighbour was tried and has a value", "没有试过且有值的相邻点";
    WHY_NO_STEP: "the parameters have no steps from one value to the next", "参数没有相邻取值的步长";

    BREAKS_EVEN_AT: "breaks even at {0}× the costs assumed", "在所设成本的 {0} 倍处盈亏平衡";
    BREAKS_EVEN_NEVER: "loses even without any costs", "即使零成本也亏损";
    BREAKS_EVEN_BEYOND: "still gains at the largest multiple tried", "在所试的最大倍数下仍盈利";
    BREAKS_EVEN_UNKNOWN: "no break-even: nothing was gained or lost", "无盈亏平衡点：不盈不亏";
}

/// The reason as a text of the table.
#[must_use]
pub const fn why(why: Why) -> Word {
    match why {
        Why::FewReturns => WHY_FEW_RETURNS,
        Why::ShortOfWindow => WHY_SHORT_OF_WINDOW,
        Why::NoVariance => WHY_NO_VARIANCE,
        Why::NoLosingDay => WHY_NO_LOSING_DAY,
        Why::NoTail => WHY_NO_TAIL,
        Why::NoDrawdown => WHY_NO_DRAWDOWN,
        Why::Ruin => WHY_RUIN,
        Why::NoTime => WHY_NO_TIME,
        Why::Overflow => WHY_OVERFLOW,
        Why::NoTrades => WHY_NO_TRADES,
        Why::NoWins => WHY_NO_WINS,
        Why::NoLosses => WHY_NO_LOSSES,
        Why::NoRisk => WHY_NO_RISK,
        Why::FewRisks => WHY_FEW_RISKS,
        Why::NoGrossProfit => WHY_NO_GROSS_PROFIT,
        Why::NotRecorded => WHY_NOT_RECORDED,
        Why::NoTotal => WHY_NO_TOTAL,
        Why::NoBracket => WHY_NO_BRACKET,
        Why::FewDays => WHY_FEW_DAYS,
        Why::FewConfigurations => WHY_FEW_CONFIGURATIONS,
        Why::BadBlocks => WHY_BAD_BLOCKS,
        Why::OtherLength => WHY_OTHER_LENGTH,
        Why::NotAbove => WHY_NOT_ABOVE,
        Why::NoTrials => WHY_NO_TRIALS,
        Why::NotPositive => WHY_NOT_POSITIVE,
        Why::NoProbability => WHY_NO_PROBABILITY,
        Why::NoReplicates => WHY_NO_REPLICATES,
        Why::BadGroups => WHY_BAD_GROUPS,
        Why::NoSplit => WHY_NO_SPLIT,
        Why::BadPrices => WHY_BAD_PRICES,
        Why::NoVolume => WHY_NO_VOLUME,
        Why::NoStatistic => WHY_NO_STATISTIC,
        Why::NoNeighbours => WHY_NO_NEIGHBOURS,
        Why::NoStep => WHY_NO_STEP,
    }
}

/// At which multiple of its costs a run earns nothing.
#[must_use]
pub fn break_even(at: BreakEven) -> super::Phrase {
    match at {
        BreakEven::At(multiple) => BREAKS_EVEN_AT.of([format!("{multiple:.2}")]),
        BreakEven::LosesAtNoCost => BREAKS_EVEN_NEVER.alone(),
        BreakEven::GainsAtAll => BREAKS_EVEN_BEYOND.alone(),
        BreakEven::Unknown => BREAKS_EVEN_UNKNOWN.alone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::words::Lang;

    #[test]
    fn pages_and_files_give_the_same_reasons() {
        for reason in [Why::FewReturns, Why::Ruin, Why::NoRisk, Why::NoStep] {
            assert_eq!(why(reason).say(Lang::En), reason.text());
        }
        for at in [
            BreakEven::At(1.5),
            BreakEven::LosesAtNoCost,
            BreakEven::GainsAtAll,
            BreakEven::Unknown,
        ] {
            assert_eq!(break_even(at).say(Lang::En), at.text());
        }
    }
}
