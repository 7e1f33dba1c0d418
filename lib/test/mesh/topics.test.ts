import { expect, it } from 'vitest'
import { Waters } from './waters.ts'

it('a topic is told to those who have it open, and to nobody else', async () => {
  const waters = new Waters()
  const [ada, bob, cyd] = await waters.shoal(3)
  const heard: unknown[] = []
  const plain: unknown[] = []
  bob!.topic<string>('chat').subscribe(({ from, data }) => heard.push([from, data]))
  for (const mesh of [bob!, cyd!]) mesh.addEventListener('message', ({ detail }) => plain.push(detail.data))
  await waters.during(ada!.topic<string>('chat').publish('hello'))
  await waters.until(() => heard.length > 0)
  await waters.time.pass(500)
  expect(heard).toEqual([[ada!.id, 'hello']])
  expect(plain).toEqual([])
})

it('a reader reads everything in order, and ends with the mesh', async () => {
  const waters = new Waters()
  const [ada, bob] = await waters.shoal(2)
  const read: number[] = []
  const reading = (async () => {
    for await (const { data } of bob!.topic<number>('count')) read.push(data)
  })()
  const topic = ada!.topic<number>('count')
  await waters.during(Promise.all([1, 2, 3].map((n) => topic.publish(n))).then(() => undefined))
  await waters.until(() => read.length === 3)
  expect(read).toEqual([1, 2, 3])
  await waters.during(bob!.leave())
  await waters.during(reading)
})

it('a reader that comes after the mesh has ended is told so, and does not wait', async () => {
  const waters = new Waters()
  const ada = await waters.join()
  const topic = ada.topic<number>('count')
  await waters.during(ada.leave())
  const late = topic[Symbol.asyncIterator]().next()
  expect(await waters.during(late)).toEqual({ done: true, value: undefined })
})

it('a reader that falls behind learns how much it has missed', async () => {
  const waters = new Waters()
  const [ada, bob] = await waters.shoal(2)
  const reader = bob!.topic<number>('count')[Symbol.asyncIterator]()
  let heard = 0
  bob!.topic<number>('count').subscribe(() => (heard += 1))
  const topic = ada!.topic<number>('count')
  for (let n = 0; n < 1030; n += 1) await waters.during(topic.publish(n))
  await waters.until(() => heard === 1030)
  expect(await reader.next()).toEqual({ done: false, value: { from: ada!.id, data: 6, missed: 6 } })
  expect(await reader.next()).toEqual({ done: false, value: { from: ada!.id, data: 7, missed: 0 } })
  await reader.return?.()
  expect(await reader.next()).toEqual({ done: true, value: undefined })
})

it('a topic needs a name, and a mesh', async () => {
  const waters = new Waters()
  const ada = await waters.join()
  expect(() => ada.topic('t'.repeat(64))).not.toThrow()
  for (const name of ['', 't'.repeat(65), '\ud800', 7 as never])
    expect(() => ada.topic(name)).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
  const topic = ada.topic('chat')
  await waters.during(ada.leave())
  await expect(topic.publish('too late')).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  expect(() => ada.topic('chat')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
})
