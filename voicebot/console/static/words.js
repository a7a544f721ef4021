// What the page says, in its languages.
const EN = {
  title: 'Calls', live: 'Live', all: 'All', needs: 'To do', mine: 'Mine', booked: 'Booked', open: 'Unbooked',
  search: 'Search number, name or call id', try: 'Call from this browser', language: '中文', newest: 'newest calls',
  connecting: 'Connecting …', connected: 'Live', lost: 'Connection lost, trying again …', away: 'Redis does not answer; this may be old',
  none: 'No calls yet', noneHint: 'They appear here by themselves the moment somebody rings. To try it, call from this browser.',
  nothing: 'Nothing found', searching: 'Searching …', notYet: 'Not found among the newer calls', searchOn: 'Search further back', more: 'Older calls', choose: 'Choose a call', chooseHint: 'Choose one from the list: its answers, what is said and how fast the bot answers appear here as they happen.',
  step: { name: 'Name', phone: 'Phone', address: 'Address', email: 'E-mail', service: 'Service', time: 'Time', done: 'Done' },
  status: { active: 'In conversation', booked: 'Booked', incomplete: 'Ended without a booking', transfer: 'Asked for a person', abandoned: 'Caller hung up', cancelled: 'Called off' },
  notes: 'For staff', wish: { cancel: 'Wants to call an appointment off', reschedule: 'Wants to move an appointment', existing: 'Asks about an appointment', complaint: 'Complains', emergency: 'Emergency', other: 'Wants something else' },
  phase: { listening: 'Listening', thinking: 'Thinking', speaking: 'Speaking' },
  broken: 'Record cannot be read', interrupted: 'Line lost', resumed: (n) => (n > 1 ? `Resumed ${n} times` : 'Resumed'), overHttp: 'Typed conversation',
  person: 'Waits for a person', follow_up: 'Follow up', waiting: (n) => (n === 1 ? '1 call waits for somebody' : `${n} calls wait for somebody`),
  needHint: 'Say that you take it, so that colleagues know, and call back.', stop: '. ', comma: ', ',
  take: "I'm taking this", release: 'Let it go', takeOver: 'Take over', takenBy: (w) => `${w} has this`, youHave: 'You have this',
  whoTitle: 'Who are you?', who: 'Your name, as colleagues see it', cancel: 'Cancel', ok: 'Save',
  reveal: 'Show customer data', hide: 'Hide', masked: 'Hidden until you ask; showing it is logged.', shown: 'Customer data is shown. That was logged.',
  others: 'Other calls of this caller', transcript: 'Conversation', said: { AI: 'Bot', customer: 'Caller' }, cut: 'cut off by the caller', noTranscript: 'Nothing has been said yet.',
  answers: 'Answers', saved: 'saved', confirmed: 'confirmed', asking: 'asking now', readBack: 'being confirmed', waitingStep: 'to come', missing: 'not given',
  speed: 'Time to answer', speedHint: 'from when the caller is taken to have finished to the bot’s voice', median: 'median', longest: 'longest', turns: (n) => (n === 1 ? '1 turn' : `${n} turns`), noTurns: 'No spoken turns yet.',
  link: 'Copy link', copied: 'Link copied', json: 'JSON', csv: 'CSV', day: 'Today', exportOne: 'Export', from: 'from', began: 'began', back: 'All calls',
  continued: 'Continued as', unknownCall: 'There is no such call, or it is older than its retention.',
  signIn: 'Sign in', token: 'Access token', tokenHint: 'The operator of this voicebot gives you one.', wrong: 'This token is not known.', slow: 'Too many tries. Wait a little.', signOut: 'Sign out',
  callTitle: 'Call from this browser', callHint: 'You talk to the bot with this computer’s microphone and speaker, over the same line as a phone.', call: 'Call', hangUp: 'Hang up', ringing: 'Connecting …', talking: 'On the line', over: 'Call ended', overAs: (how) => `Call ended: ${how.toLowerCase()}`, again: 'The line broke. Connecting again …', queued: 'All lines are busy. Waiting …', dialled: (to) => `You asked for a person. A phone would now be put through to ${to}; a browser cannot, so the call ends here.`, close: 'Close', mic: 'Allow the microphone to make a call.', failed: 'The call could not be made.', keys: 'Keypad', mute: 'Mute', now: 'just now', minutes: (n) => `${n} min ago`, hours: (n) => `${n} h ago`, days: (n) => `${n} d ago`,
  todo: { title: 'What to do first', nothing: 'Nothing waits for anybody', more: (n) => `and ${n} more, under To do`, stuck: (step, n) => `Stuck: asked ${n} times for the ${step.toLowerCase()}`, promised: 'Was promised a call back', unanswered: 'Put through, and nobody answered', mail: 'Confirmation not sent', unsure: (steps) => `Not confirmed: ${steps}`,
    unconfirmed: 'not confirmed', done: 'Done', undo: 'Not done', doneBy: (w) => `${w} has dealt with this.`, note: 'Note for colleagues', add: 'Add note',
    hint: { stuck: 'Correct the answer for them, or put them through.', mail: 'The mail server did not take it; it is tried again by itself.', unsure: 'Booked, but the caller did not say yes to this.' } },
  diary: { title: 'Bookings', link: 'Bookings', first: 'To do', times: (zone) => zone, closed: 'Closed', free: 'No bookings', more: 'More days', move: 'Move', cancel: 'Call off', keep: 'Leave it', hint: 'The customer is told by e-mail, if there is one.',
    give: { move: 'Move it there', cancel: 'Call it off' }, refused: { not_booked: 'It does not stand any more.', call_is_live: 'The customer is on the phone just now.', store_unavailable: 'It stands as it was: Redis did not answer.' } },
  counts: { title: 'Counts', days: (n) => `${n} days`, day: 'Day', share: 'Booked of all', transfer: 'Put through', minutes: 'Minutes', cost: 'Cost (USD)', all: 'Together', stopped: 'Ended without a booking, by the open question', incomplete: 'There are too many calls to count them all; the oldest are missing.' },
  reveals: { title: 'Who saw customer data', when: 'When', who: 'Who', call: 'Call', none: 'Nobody has asked to see any.', hint: 'The last hundred times that somebody had a call’s data shown, kept as long as calls are.' },
  bell: 'Bell when somebody waits',
  help: { title: 'Help this caller', listen: 'Listen in', transfer: 'Put through', say: 'Say a sentence', correct: 'Correct an answer', end: 'End the call', orders: 'What staff asked for',
    did: { transfer: 'Put through', say: 'Sentence', correct: 'Correction', end: 'End' }, asked: 'waits for a pause …', obeyed: 'done', sending: 'Sending …',
    give: { transfer: 'Put through now', say: 'Say it', correct: 'Save as confirmed', end: 'Say goodbye and end' },
    hint: { transfer: 'The bot says so, then a person’s phone rings.', say: 'The bot says it between its turns, and then asks its question again.', correct: 'Your word counts: the bot says the new value and does not ask for it again.', end: 'The bot says goodbye first. What the caller told is kept.' },
    sentence: 'The bot says', field: 'Answer', value: 'New value', localTime: (zone) => `Day and time (${zone})`,
    refused: { call_has_ended: 'The call had ended.', no_number: 'No number to put callers through to is set.', not_valid: 'This is not valid.', past: 'That time has gone.', too_far: 'That is further ahead than can be booked.', closed: 'We are closed then.', taken: 'That time is taken.', no_calendar: 'The calendar did not answer; it is noted.', too_late: 'The call did not come to it in time.', too_many_commands: 'The call has not come to earlier ones yet.', invalid_request: 'This is not valid.', other: 'It was refused.' } },
  unsaved: 'caller unknown', browser: 'a browser', failedAction: 'That did not work. Try again.', skip: 'Skip to the call', callPlace: 'Call', menu: 'Menu', searchKey: 'Press / to search', emptyIn: { live: 'Nobody is on the phone', needs: 'Nothing waits for anybody', mine: 'You have taken no call', booked: 'No bookings yet', open: 'No unbooked calls' },
};
const ZH = {
  title: '通话', live: '进行中', all: '全部', needs: '待办', mine: '我的', booked: '已预约', open: '未预约',
  search: '搜索号码、姓名或通话编号', try: '用浏览器拨打', language: 'English', newest: '最近通话',
  connecting: '正在连接…', connected: '实时', lost: '连接中断，正在重试…', away: 'Redis 没有响应，内容可能过时',
  none: '还没有通话', noneHint: '有人来电时会自动显示在这里。想试一试，可以用浏览器拨打。',
  nothing: '没有找到', searching: '正在搜索…', notYet: '较新的通话中没有找到', searchOn: '继续搜索更早的', more: '更早的通话', choose: '选择一个通话', chooseHint: '从列表中选择一个，这里会实时显示客户的回答、对话内容和应答速度。',
  step: { name: '姓名', phone: '电话', address: '地址', email: '邮箱', service: '服务', time: '时间', done: '完成' },
  status: { active: '通话中', booked: '已预约', incomplete: '结束，未预约', transfer: '要求人工', abandoned: '客户已挂断', cancelled: '已取消预约' },
  notes: '给同事的备注', wish: { cancel: '想取消预约', reschedule: '想更改预约', existing: '询问已有预约', complaint: '投诉', emergency: '紧急情况', other: '其他要求' },
  phase: { listening: '正在听', thinking: '正在思考', speaking: '正在说' },
  broken: '记录无法读取', interrupted: '线路中断', resumed: (n) => (n > 1 ? `已恢复 ${n} 次` : '已恢复'), overHttp: '文字对话',
  person: '等待人工', follow_up: '需要跟进', waiting: (n) => `${n} 个通话待处理`,
  needHint: '请先点“我来处理”告知同事，再给客户回电。', stop: '。', comma: '、',
  take: '我来处理', release: '放回', takeOver: '接手', takenBy: (w) => `${w} 正在处理`, youHave: '由您处理',
  whoTitle: '您是谁？', who: '您的名字（同事可见）', cancel: '取消', ok: '保存',
  reveal: '显示客户资料', hide: '隐藏', masked: '默认隐藏；每次显示都会记录。', shown: '客户资料已显示，并已记录。',
  others: '该客户的其他通话', transcript: '对话', said: { AI: '机器人', customer: '客户' }, cut: '被客户打断', noTranscript: '还没有对话。',
  answers: '回答', saved: '保存于', confirmed: '已确认', asking: '正在询问', readBack: '正在确认', waitingStep: '待询问', missing: '未提供',
  speed: '应答时间', speedHint: '从判定客户说完到机器人开口', median: '中位数', longest: '最长', turns: (n) => `${n} 轮`, noTurns: '还没有语音应答。',
  link: '复制链接', copied: '链接已复制', json: 'JSON', csv: 'CSV', day: '今天', exportOne: '导出', from: '来自', began: '开始于', back: '全部通话',
  continued: '继续为', unknownCall: '没有这个通话，或已超过保存期限。',
  signIn: '登录', token: '访问令牌', tokenHint: '请向本系统的管理员索取。', wrong: '令牌无效。', slow: '尝试次数过多，请稍候。', signOut: '退出',
  callTitle: '用浏览器拨打', callHint: '用这台电脑的麦克风和扬声器与机器人通话，线路与电话相同。', call: '拨打', hangUp: '挂断', ringing: '正在连接…', talking: '通话中', over: '通话结束', overAs: (how) => `通话结束：${how}`, again: '线路中断，正在重新连接…', queued: '线路繁忙，正在等待…', dialled: (to) => `您要求人工服务。电话此时会转接到 ${to}；浏览器无法转接，通话到此结束。`, close: '关闭', mic: '请允许使用麦克风。', failed: '无法拨打。', keys: '键盘', mute: '静音', now: '刚刚', minutes: (n) => `${n} 分钟前`, hours: (n) => `${n} 小时前`, days: (n) => `${n} 天前`,
  todo: { title: '先处理这些', nothing: '没有待办', more: (n) => `另有 ${n} 个，见“待办”`, stuck: (step, n) => `卡住了：${step}已问 ${n} 次`, promised: '答应回电', unanswered: '已转接，但无人接听', mail: '确认邮件未发出', unsure: (steps) => `未确认：${steps}`,
    unconfirmed: '未确认', done: '已处理', undo: '未处理', doneBy: (w) => `${w} 已处理。`, note: '给同事的备注', add: '添加备注',
    hint: { stuck: '请代为更正，或转接人工。', mail: '邮件服务器没有接受，会自动重试。', unsure: '已预约，但客户没有确认这一项。' } },
  diary: { title: '预约', link: '预约', first: '待办', times: (zone) => zone, closed: '休息', free: '没有预约', more: '更多日期', move: '改期', cancel: '取消预约', keep: '不改', hint: '如有邮箱，会通知客户。',
    give: { move: '改到这个时间', cancel: '确认取消' }, refused: { not_booked: '该预约已不存在。', call_is_live: '客户正在通话中。', store_unavailable: '预约没有变动：Redis 没有响应。' } },
  counts: { title: '统计', days: (n) => `${n} 天`, day: '日期', share: '预约比例', transfer: '转接', minutes: '分钟', cost: '费用（美元）', all: '合计', stopped: '未预约的通话停在哪一步', incomplete: '通话太多，未能全部统计，缺少最早的。' },
  reveals: { title: '客户资料查看记录', when: '时间', who: '查看人', call: '通话', none: '还没有人查看过。', hint: '最近一百次查看客户资料的记录，保存期限与通话相同。' },
  bell: '有人等待时响铃',
  help: { title: '协助来电者', listen: '旁听', transfer: '转接人工', say: '播报一句话', correct: '更正信息', end: '结束通话', orders: '同事的操作',
    did: { transfer: '转接', say: '播报', correct: '更正', end: '结束' }, asked: '等待停顿…', obeyed: '已完成', sending: '正在发送…',
    give: { transfer: '立即转接', say: '播报', correct: '保存并确认', end: '道别并结束' },
    hint: { transfer: '机器人先告知客户，然后拨打人工电话。', say: '机器人会在对话间隙说出，然后再次提问。', correct: '以您的为准：机器人会说出新的内容，不再询问。', end: '机器人会先道别；客户说过的内容会保留。' },
    sentence: '机器人要说', field: '项目', value: '新的内容', localTime: (zone) => `日期和时间（${zone}）`,
    refused: { call_has_ended: '通话已结束。', no_number: '没有设置人工电话。', not_valid: '内容无效。', past: '这个时间已过。', too_far: '超出可预约的日期。', closed: '那时不营业。', taken: '这个时间已被预约。', no_calendar: '日历没有响应，已记下。', too_late: '通话没有及时处理。', too_many_commands: '之前的操作还没有完成。', invalid_request: '内容无效。', other: '被拒绝。' } },
  unsaved: '来电者未知', browser: '浏览器', failedAction: '操作失败，请重试。', skip: '跳到通话内容', callPlace: '通话内容', menu: '菜单', searchKey: '按 / 搜索', emptyIn: { live: '现在没有通话', needs: '没有待办', mine: '您没有处理中的通话', booked: '还没有预约', open: '没有未预约的通话' },
};
const TAGS = { en: 'en-AU', zh: 'zh-CN' };

export const LANGUAGES = { en: EN, zh: ZH };

export function firstLanguage(business) {
  const kept = localStorage.getItem('language');
  if (kept in LANGUAGES) return kept;
  return (navigator.language || business || 'en').startsWith('zh') ? 'zh' : 'en';
}

// Times are the business's own, wherever the page is read; `moment` says which zone that is.
let timeZone;
export const setZone = (zone) => { timeZone = zone || undefined; };

export const clock = (iso, lang) => (iso ? new Date(iso).toLocaleTimeString(TAGS[lang], { timeZone, hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }) : '');

export const moment = (iso, lang) => iso && new Date(iso).toLocaleString(TAGS[lang], { timeZone, weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false, timeZoneName: 'short' });

export const hour = (iso, lang) => new Date(iso).toLocaleTimeString(TAGS[lang], { timeZone, hour: '2-digit', minute: '2-digit', hour12: false });

// A calendar day (YYYY-MM-DD), whatever zone the page is read in.
export const dayName = (day, lang) => new Date(`${day}T12:00Z`).toLocaleDateString(TAGS[lang], { timeZone: 'UTC', weekday: 'long', day: 'numeric', month: 'long' });

export const zoneName = (lang) => new Intl.DateTimeFormat(TAGS[lang], { timeZone, timeZoneName: 'longGeneric' }).formatToParts().find((part) => part.type === 'timeZoneName').value;

export function ago(iso, t, now) {
  const minutes = Math.floor((now - Date.parse(iso)) / 60000);
  if (!(minutes >= 1)) return t.now;
  if (minutes < 60) return t.minutes(minutes);
  return minutes < 1440 ? t.hours(Math.floor(minutes / 60)) : t.days(Math.floor(minutes / 1440));
}

export const lasted = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`;
