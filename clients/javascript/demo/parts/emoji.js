/** The emoji of the picker, each with the words by which it is found. */

const LINES = `
😀 grin smile happy|😄 laugh smile happy|😂 tears joy laugh|🤣 rolling laugh|🙂 smile|😉 wink|😊 blush smile
😍 heart eyes love|😘 kiss|😎 cool sunglasses|🤔 think hmm|😐 neutral|🙄 eyes roll|😏 smirk|😴 sleep tired
😢 cry sad|😭 sob cry|😡 angry|😱 scream fear|😳 flushed|🥳 party celebrate|🤯 mind blown|🥺 please plead
😇 angel|🤗 hug|🤝 handshake deal|👍 thumbs up yes|👎 thumbs down no|👏 clap applause|🙏 thanks please pray
👋 wave hello bye|🙌 hands hooray|💪 strong muscle|👀 eyes look|✌️ peace victory|👌 ok perfect|🤞 luck fingers
❤️ heart love|🧡 orange heart|💛 yellow heart|💚 green heart|💙 blue heart|💔 broken heart|✨ sparkles|⭐ star
🔥 fire hot|💯 hundred perfect|🎉 party tada|🎂 birthday cake|🎁 gift present|🏆 trophy win|🚀 rocket ship launch
✅ check done yes|❌ cross no wrong|⚠️ warning|❓ question|❗ exclamation|💡 idea light bulb|📌 pin|📅 calendar date
⏰ alarm clock time|☕ coffee|🍵 tea|🍰 cake|🍕 pizza|🍺 beer|🌍 earth world|☀️ sun|🌧️ rain|🌈 rainbow|❄️ snow
🐛 bug|🐶 dog|🐱 cat|🦄 unicorn|🌹 rose flower|🎵 music note|📷 photo camera|💻 computer laptop|📱 phone|💰 money
`;

/** `{emoji, words}`, in the order of the picker. */
export const EMOJI = LINES.trim()
  .split(/[|\n]/)
  .map((entry) => {
    const [emoji, ...words] = entry.split(" ");
    return { emoji, words };
  });

/** Returns the emoji that match a query: each word of the query begins one of their words. */
export function found(query) {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  return EMOJI.filter(({ words }) => wanted.every((start) => words.some((word) => word.startsWith(start))));
}
