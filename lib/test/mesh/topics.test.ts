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
  expect(await reader.next()).toEqual({ done: false, value: { from: ada!.id, data: 6, missed: 6, direct: false } })
  expect(await reader.next()).toEqual({ done: false, value: { from: ada!.id, data: 7, missed: 0, direct: false } })
  await reader.return?.()
  expect(await reader.next()).toEqual({ done: true, value: undefined })
})

it('a message in a topic to one other is told to it alone, if it has the topic open', async () => {
  const waters = new Waters()
  const [ada, bob, cyd] = await waters.shoal(3)
  const told: unknown[] = []
  for (const mesh of [bob!, cyd!])
    mesh.topic<string>('chat').subscribe(({ data, direct }) => told.push([mesh.self.metadata.name, data, direct]))
  for (const mesh of [bob!, cyd!]) mesh.addEventListener('message', () => told.push('a plain message'))
  await waters.during(ada!.topic('chat').send(bob!.id, 'psst'))
  await waters.during(ada!.topic('elsewhere').send(cyd!.id, 'unheard'))
  await waters.during(ada!.topic('chat').publish('hello'))
  await waters.time.pass(500)
  expect(told).toHaveLength(3)
  expect(told[0]).toEqual(['peer 1', 'psst', true])
  expect(told).toContainEqual(['peer 2', 'hello', false])
  await expect(ada!.topic('chat').send(ada!.id, 'to myself')).rejects.toMatchObject({ code: 'ERR_UNKNOWN_PEER' })
})

it('a topic that was closed is told nothing more; the name can be opened again', async () => {
  const waters = new Waters()
  const [ada, bob] = await waters.shoal(2)
  const told: unknown[] = []
  const topic = bob!.topic<string>('chat')
  topic.subscribe(({ data }) => told.push(data))
  const reading = topic[Symbol.asyncIterator]().next()
  topic.close()
  topic.close()
  expect(await reading).toEqual({ done: true, value: undefined })
  await waters.during(ada!.topic('chat').publish('unheard'))
  await waters.time.pass(500)
  expect(told).toEqual([])
  await expect(topic.publish('no more')).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  const again = bob!.topic<string>('chat')
  expect(again).not.toBe(topic)
  again.subscribe(({ data }) => told.push(data))
  await waters.during(ada!.topic('chat').publish('heard'))
  await waters.until(() => told.length > 0)
  expect(told).toEqual(['heard'])
})

it('a topic needs a name, and a mesh', async () => {
  const waters = new Waters()
  const ada = await waters.join()
  expect(() => ada.topic('t'.repeat(64))).not.toThrow()
  for (const name of ['', '\0?q', 't'.repeat(65), '\ud800', 7 as never])
    expect(() => ada.topic(name)).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
  const topic = ada.topic('chat')
  await waters.during(ada.leave())
  await expect(topic.publish('too late')).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  expect(() => ada.topic('chat')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
})
